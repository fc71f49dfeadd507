// Completion from the graph itself: its prefixes, classes, properties and concepts (/terms), and its things (/suggest).
import { language } from "./words.js";

const MOST = 60;

/** Fetch the words of the graph and teach `Yasqe` to complete them; it asks nobody else. */
export async function teach(Yasqe) {
  const answer = await fetch("/terms");
  const { prefixes, terms } = await answer.json();
  const ofKind = (kinds) => terms.filter((term) => kinds.includes(term.kind)).map((term) => describe(term));
  const known = { classes: ofKind(["class"]), properties: ofKind(["property"]), concepts: ofKind(["concept", "scheme"]) };
  for (const name of Object.keys(Yasqe.Autocompleters)) {
    if (name !== "variables" && name !== "prefixes") delete Yasqe.Autocompleters[name];
  }
  const declared = Object.entries(prefixes).map(([prefix, iri]) => `${prefix}: <${iri}>`).sort();
  Object.assign(Yasqe.Autocompleters.prefixes, { get: () => declared, persistenceId: null });
  const { isValidCompletionPosition: isProperty } = { isValidCompletionPosition: atProperty };
  Yasqe.registerAutocompleter(completer("properties", prefixes, isProperty, async (text) => match(known.properties, text)));
  Yasqe.registerAutocompleter(completer("classes", prefixes, atClass, async (text) => match(known.classes, text)));
  Yasqe.registerAutocompleter(completer("things", prefixes, atThing, async (text) => [
    ...match(known.concepts, text), ...(await suggest(text)),
  ]));
  Yasqe.defaults.autocompleters = ["prefixes", "variables", "properties", "classes", "things"];
  return prefixes;
}

function completer(name, prefixes, isValidCompletionPosition, find) {
  let found = [];
  return {
    name, bulk: false, autoShow: false, isValidCompletionPosition,
    preProcessToken: (_yasqe, token) => ({ ...token, autocompletionString: token.string }),
    get: async (yasqe, token) => {
      found = await find(expand(token.autocompletionString, { ...prefixes, ...yasqe.getPrefixesFromQuery() }));
      return found.map((term) => term.iri);
    },
    postprocessHints: (yasqe, hints) => hints.map((hint, position) => {
      const written = shorten(found[position].iri, prefixes, yasqe.getPrefixesFromQuery());
      return {
        ...hint, text: written.text,
        displayText: found[position].label ? `${written.text}   ${found[position].label}` : written.text,
        hint: (editor, _data, completion) => {
          editor.replaceRange(completion.text, completion.from ?? _data.from, completion.to ?? _data.to, "complete");
          if (written.missing) yasqe.addPrefixes(written.missing);
        },
      };
    }),
  };
}

function atProperty(yasqe) {
  const token = yasqe.getCompleteToken();
  return token.string.trim().length > 0 && !isVariable(token) && token.state.possibleCurrent.includes("a");
}

function atClass(yasqe) {
  const token = yasqe.getCompleteToken();
  const before = yasqe.getPreviousNonWsToken(yasqe.getDoc().getCursor().line, token);
  return !isVariable(token) && ["a", "rdf:type"].includes(before.string) ;
}

function atThing(yasqe) {
  const token = yasqe.getCompleteToken();
  return token.string.trim().length > 1 && !isVariable(token) && !atProperty(yasqe) && !atClass(yasqe);
}

const isVariable = (token) => token.string[0] === "?" || token.string[0] === "$";

function describe(term) {
  const label = term[language] ?? term.en ?? term.da ?? "";
  const local = term.iri.replace(/^.*[/#]/, "");
  return { iri: term.iri, label, words: fold(`${local} ${term.da ?? ""} ${term.en ?? ""}`) };
}

/** Return the terms whose IRI begins with `text`, else those with a name or word that does. */
function match(terms, text) {
  const begun = terms.filter((term) => text.includes(":") && term.iri.startsWith(text));
  if (begun.length) return begun.slice(0, MOST);
  const sought = fold(text.replace(/^<?.*[/#:]/, ""));
  if (!sought) return terms.slice(0, MOST);
  const first = terms.filter((term) => term.words.startsWith(sought));
  const rest = terms.filter((term) => !term.words.startsWith(sought) && term.words.includes(sought));
  return [...first, ...rest].slice(0, MOST);
}

async function suggest(text) {
  if (text.includes("//") || text.replace(/^.*:/, "").length < 3) return [];
  const answer = await fetch(`/suggest?limit=12&lang=${language}&q=${encodeURIComponent(text.replace(/^.*:/, ""))}`);
  if (!answer.ok) return [];
  return (await answer.json()).map((hit) => ({ iri: hit.iri, label: hit.label })).filter((hit) => !hit.iri.includes("/concept/"));
}

function expand(text, prefixes) {
  const plain = text.trim().replace(/^</, "").replace(/>$/, "");
  const [, prefix, local] = /^([\w-]*):([\w./-]*)$/.exec(plain) ?? [];
  return prefix !== undefined && prefixes[prefix] ? prefixes[prefix] + local : plain;
}

function shorten(iri, known, declared) {
  const candidates = Object.entries({ ...known, ...declared }).filter(([, start]) => iri.startsWith(start));
  candidates.sort((one, other) => other[1].length - one[1].length);
  for (const [prefix, start] of candidates) {
    const local = iri.slice(start.length);
    if (/^[A-Za-z0-9_][\w-]*$/.test(local)) {
      return { text: `${prefix}:${local}`, missing: prefix in declared ? null : { [prefix]: start } };
    }
  }
  return { text: `<${iri}>`, missing: null };
}

const fold = (text) => text.toLowerCase().replace(/æ/g, "ae").replace(/ø/g, "oe").replace(/å/g, "aa");
