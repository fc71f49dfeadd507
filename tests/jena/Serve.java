import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.jena.atlas.lib.Pair;
import org.apache.jena.atlas.web.*;
import org.apache.jena.graph.*;
import org.apache.jena.query.*;
import org.apache.jena.riot.*;
import org.apache.jena.riot.system.StreamRDFLib;
import org.apache.jena.sparql.core.*;
import org.apache.jena.sparql.engine.Timeouts;
import org.apache.jena.sparql.exec.*;
import org.apache.jena.sparql.modify.UsingList;
import org.apache.jena.sparql.resultset.ResultsWriter;
import org.apache.jena.tdb2.DatabaseMgr;
import org.apache.jena.update.UpdateAction;

/**
 * Jena's SPARQL engine (ARQ) over a TDB2 folder, behind the JDK's own HTTP server, at the addresses of a Fuseki dataset.
 *
 * <p>This is not Fuseki, which Debian does not have. What a client can see of Fuseki is done as its 4.5.0 does it: three
 * addresses, which parameters there are, how a type is negotiated, a dynamic dataset for each request that names graphs,
 * `timeout` in seconds, 503 at a deadline before the first row and two lines of comment at one after it, no Server header
 * but a Fuseki-Request-Id. Left out: quads at /ds/data, uploads as a form, service descriptions, formats nobody here asks.
 *
 * <p>{@code Serve FOLDER PORT}; JENA_USER and JENA_PASSWORD, where they are set, are asked for whoever writes.
 */
public final class Serve {
    private static final String BASE = "http://server/unset-base/";
    private static final AcceptList TABLES = AcceptList.create(
        WebContent.contentTypeResultsJSON, WebContent.contentTypeJSON, WebContent.contentTypeTextCSV,
        WebContent.contentTypeTextTSV, WebContent.contentTypeResultsXML, WebContent.contentTypeXML);
    private static final AcceptList GRAPHS = AcceptList.create(
        WebContent.contentTypeTurtle, WebContent.contentTypeNTriples, WebContent.contentTypeRDFXML,
        WebContent.contentTypeJSONLD, WebContent.contentTypeTriG, WebContent.contentTypeNQuads);
    private static final int BUFFER = 32 * 1024; // bytes that Jetty keeps before an answer's head is on its way
    private static final AtomicLong REQUESTS = new AtomicLong();

    private final DatasetGraph store;
    private final String login;

    private Serve(DatasetGraph store, String login) {
        this.store = store;
        this.login = login;
    }

    public static void main(String[] arguments) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else each small answer waits 40 ms for an ACK
        String user = System.getenv("JENA_USER");
        String pair = user + ":" + System.getenv("JENA_PASSWORD");
        String login = user == null ? null : Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        Serve serve = new Serve(DatabaseMgr.connectDatasetGraph(arguments[0]), login);
        InetSocketAddress address =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1]));
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/ds/query", exchange -> serve.answer(exchange, serve::query, false));
        server.createContext("/ds/update", exchange -> serve.answer(exchange, serve::update, true));
        server.createContext("/ds/data", exchange -> serve.answer(exchange, serve::graph, true));
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(0)));
    }

    /** What a service does with a request. */
    private interface Service {
        void serve(Call call) throws IOException;
    }

    /** A request that is not carried out, with its status and the reason. */
    private static final class Refusal extends RuntimeException {
        final int status;

        Refusal(int status, String reason) {
            super(reason);
            this.status = status;
        }
    }

    private void answer(HttpExchange exchange, Service service, boolean guarded) {
        Call call = new Call(exchange);
        exchange.getResponseHeaders().set("Fuseki-Request-Id", Long.toString(REQUESTS.incrementAndGet()));
        try (exchange) {
            try {
                if (guarded && login != null && !("Basic " + login).equals(call.header("Authorization"))) {
                    exchange.getResponseHeaders().set("WWW-Authenticate", "BASIC realm=\"application\"");
                    throw new Refusal(401, "Unauthorized");
                }
                call.read();
                service.serve(call);
            } catch (Refusal refusal) {
                call.say(refusal.status, refusal.getMessage());
            } catch (QueryCancelledException error) {
                call.say(503, "Query timed out");
            } catch (RuntimeException error) {
                call.say(500, String.valueOf(error.getMessage()));
            }
        } catch (IOException gone) {
            return; // who asked has hung up
        }
    }

    private void query(Call call) throws IOException {
        if (!call.method.equals("GET") && !call.method.equals("POST")) {
            throw new Refusal(405, "Not a GET or POST request");
        }
        boolean direct = call.is("application/sparql-query");
        Query query;
        try {
            query = QueryFactory.create(direct ? call.text() : call.one("query"), BASE, Syntax.syntaxARQ);
        } catch (QueryException error) {
            throw new Refusal(400, "Parse error: " + firstLine(error));
        }
        List<String> defaults = call.all("default-graph-uri");
        List<String> named = call.all("named-graph-uri");
        DatasetDescription asked = defaults.isEmpty() && named.isEmpty()
            ? DatasetDescription.create(query)
            : DatasetDescription.create(defaults, named);
        store.begin(ReadWrite.READ);
        try {
            DatasetGraph seen = store;
            if (asked != null) {
                seen = DynamicDatasets.dynamicDataset(asked, store, false);
                query.getGraphURIs().clear();
                query.getNamedGraphURIs().clear();
            }
            QueryExecDatasetBuilder builder = QueryExec.newBuilder().dataset(seen).query(query);
            for (String text : call.all("timeout")) {
                Pair<Long, Long> times = Timeouts.parseTimeoutStr(text, TimeUnit.SECONDS);
                if (times != null && times.getLeft() > 0) {
                    builder.initialTimeout(times.getLeft(), TimeUnit.MILLISECONDS);
                }
                if (times != null && times.getRight() > 0) {
                    builder.overallTimeout(times.getRight(), TimeUnit.MILLISECONDS);
                }
            }
            try (QueryExec execution = builder.build()) {
                send(call, query, execution);
            } catch (QueryParseException error) {
                throw new Refusal(400, "Query parse error: " + error.getMessage());
            }
        } finally {
            store.end();
        }
    }

    private static void send(Call call, Query query, QueryExec execution) throws IOException {
        if (query.isSelectType()) {
            RowSet rows = execution.select();
            rows.hasNext(); // runs up to the first row, so that a deadline before it can be told by a status
            MediaType type = call.choose(TABLES, WebContent.contentTypeResultsXML);
            call.open(200, type, out -> writer(type).write(out, rows));
        } else if (query.isAskType()) {
            boolean truth = execution.ask();
            MediaType type = call.choose(TABLES, WebContent.contentTypeResultsXML);
            call.open(200, type, out -> writer(type).write(out, truth));
        } else if (query.isConstructType()) {
            write(call, execution.constructDataset());
        } else if (query.isDescribeType()) {
            write(call, DatasetGraphFactory.wrap(execution.describe()));
        } else {
            throw new Refusal(400, "Unknown query type");
        }
    }

    private static ResultsWriter writer(MediaType type) {
        return ResultsWriter.create().lang(WebContent.contentTypeToLangResultSet(type.getContentTypeStr())).build();
    }

    private static void write(Call call, DatasetGraph made) throws IOException {
        MediaType type = call.choose(GRAPHS, WebContent.contentTypeTurtle);
        Lang lang = RDFLanguages.contentTypeToLang(type.getContentTypeStr());
        RDFFormat format = lang == Lang.RDFXML ? RDFFormat.RDFXML_PLAIN : RDFWriterRegistry.defaultSerialization(lang);
        if (RDFLanguages.isQuads(lang)) {
            call.open(200, type, out -> RDFDataMgr.write(out, made, format));
        } else {
            call.open(200, type, out -> RDFDataMgr.write(out, made.getDefaultGraph(), format));
        }
    }

    private void update(Call call) throws IOException {
        if (!call.method.equals("POST")) {
            throw new Refusal(405, "SPARQL Update : use POST");
        }
        boolean form = call.is("application/x-www-form-urlencoded");
        if (!form && !call.is("application/sparql-update")) {
            throw new Refusal(415, "Must be application/sparql-update or application/x-www-form-urlencoded");
        }
        byte[] text = form ? call.one("update").getBytes(StandardCharsets.UTF_8) : call.body;
        UsingList using = new UsingList();
        call.all("using-graph-uri").forEach(iri -> using.addUsing(NodeFactory.createURI(iri)));
        call.all("using-named-graph-uri").forEach(iri -> using.addUsingNamed(NodeFactory.createURI(iri)));
        written(() -> {
            try {
                UpdateAction.parseExecute(using, store, new ByteArrayInputStream(text), BASE, Syntax.syntaxARQ);
            } catch (QueryParseException error) {
                throw new Refusal(400, error.getMessage());
            }
        });
        if (form) {
            call.say(200, "Update succeeded");
        } else {
            call.say(204, null);
        }
    }

    private void graph(Call call) throws IOException {
        boolean isDefault = !call.all("default").isEmpty() || call.all("graph").contains("default");
        Node name = isDefault ? null : NodeFactory.createURI(call.one("graph"));
        switch (call.method) {
            case "GET", "HEAD" -> {
                store.begin(ReadWrite.READ);
                try {
                    requireThere(name);
                    write(call, DatasetGraphFactory.wrap(graphOf(name)));
                } finally {
                    store.end();
                }
            }
            case "DELETE" -> {
                written(() -> {
                    requireThere(name);
                    if (name == null) {
                        graphOf(null).clear();
                    } else {
                        store.removeGraph(name);
                    }
                });
                call.say(204, null);
            }
            case "PUT", "POST" -> put(call, name);
            default -> throw new Refusal(405, "HTTP method not allowed: " + call.method);
        }
    }

    private void put(Call call, Node name) throws IOException {
        String given = call.header("Content-Type");
        if (given == null) {
            throw new Refusal(400, "No Content-Type:");
        }
        Lang lang = RDFLanguages.contentTypeToLang(ContentType.create(given));
        if (lang == null) {
            throw new Refusal(415, "Unknown content type for triples: " + given);
        }
        boolean[] wasThere = {false};
        long[] size = {0};
        written(() -> {
            Graph graph = graphOf(name);
            wasThere[0] = name == null || !graph.isEmpty();
            if (call.method.equals("PUT") && wasThere[0]) {
                graph.clear();
            }
            try (InputStream body = new ByteArrayInputStream(call.body)) {
                RDFParser.create().source(body).lang(lang).base(BASE).parse(StreamRDFLib.graph(graph));
            } catch (RiotException error) {
                throw new Refusal(400, "Parse error: " + error.getMessage());
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
            size[0] = graph.size();
        });
        call.say(wasThere[0] ? 200 : 201, "{ \"graphSize\" : " + size[0] + " }");
    }

    private Graph graphOf(Node name) {
        return name == null ? store.getDefaultGraph() : store.getGraph(name);
    }

    private void requireThere(Node name) {
        if (name != null && graphOf(name).isEmpty()) {
            throw new Refusal(404, "No such graph: <" + name + ">");
        }
    }

    private void written(Runnable change) {
        store.begin(ReadWrite.WRITE);
        try {
            change.run();
            store.commit();
        } catch (RuntimeException error) {
            store.abort();
            throw error;
        } finally {
            store.end();
        }
    }

    private static String firstLine(Exception error) {
        return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
    }

    /** A request and the way to its answer. */
    private static final class Call {
        final String method;
        final HttpExchange exchange;
        final Map<String, List<String>> parameters = new HashMap<>();
        byte[] body = new byte[0];

        Call(HttpExchange exchange) {
            this.exchange = exchange;
            this.method = exchange.getRequestMethod();
        }

        void read() throws IOException {
            body = exchange.getRequestBody().readAllBytes();
            keep(exchange.getRequestURI().getRawQuery());
            if (is("application/x-www-form-urlencoded")) {
                keep(text());
            }
        }

        private void keep(String pairs) {
            for (String pair : pairs == null || pairs.isEmpty() ? new String[0] : pairs.split("&")) {
                String[] sides = pair.split("=", 2);
                String value = sides.length < 2 ? "" : URLDecoder.decode(sides[1], StandardCharsets.UTF_8);
                String name = URLDecoder.decode(sides[0], StandardCharsets.UTF_8);
                parameters.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
            }
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        String header(String name) {
            return exchange.getRequestHeaders().getFirst(name);
        }

        boolean is(String type) {
            String given = header("Content-Type");
            return given != null && given.split(";")[0].strip().equalsIgnoreCase(type);
        }

        List<String> all(String name) {
            return parameters.getOrDefault(name, List.of());
        }

        String one(String name) {
            List<String> values = all(name);
            if (values.size() != 1 || values.get(0).isEmpty()) {
                throw new Refusal(400, "One '" + name + "=' parameter is needed, there are " + values.size());
            }
            return values.get(0);
        }

        MediaType choose(AcceptList offered, String otherwise) {
            String accept = header("Accept");
            MediaType found = accept == null ? null : AcceptList.match(new AcceptList(accept), offered);
            return found == null ? MediaType.create(otherwise) : found;
        }

        void say(int status, String text) throws IOException {
            if (exchange.getResponseCode() != -1) {
                throw new IOException("an answer is on its way already");
            }
            byte[] line = text == null ? new byte[0] : (text + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
            exchange.sendResponseHeaders(status, line.length == 0 ? -1 : line.length);
            if (line.length > 0) {
                exchange.getResponseBody().write(line);
            }
        }

        void open(int status, MediaType type, Body content) throws IOException {
            exchange.getResponseHeaders().set("Content-Type", type.getContentTypeStr() + "; charset=utf-8");
            Held out = new Held(exchange, status);
            try {
                content.write(out);
            } catch (QueryCancelledException error) { // most often the status is on its way by then
                out.status = 400;
                out.write(("\n##  Query cancelled due to timeout during execution   ##\n"
                    + "##  ****          Incomplete results           ****   ##\n").getBytes());
            }
            out.close();
        }
    }

    /** What writes the body of an answer. */
    private interface Body {
        void write(OutputStream out) throws IOException;
    }

    /** Holds an answer back until there is a buffer full of it or it is flushed; until then its status may change. */
    private static final class Held extends OutputStream {
        private final ByteArrayOutputStream held = new ByteArrayOutputStream();
        private final HttpExchange exchange;
        private boolean sent;
        int status;

        Held(HttpExchange exchange, int status) {
            this.exchange = exchange;
            this.status = status;
        }

        @Override
        public void write(int one) throws IOException {
            held.write(one);
            if (held.size() >= BUFFER) {
                pass();
            }
        }

        @Override
        public void write(byte[] bytes, int start, int length) throws IOException {
            held.write(bytes, start, length);
            if (held.size() >= BUFFER) {
                pass();
            }
        }

        @Override
        public void flush() throws IOException {
            pass();
        }

        @Override
        public void close() throws IOException {
            pass();
            exchange.getResponseBody().close();
        }

        private void pass() throws IOException {
            if (!sent) {
                sent = true;
                boolean head = exchange.getRequestMethod().equals("HEAD");
                exchange.sendResponseHeaders(status, head ? -1 : 0);
            }
            held.writeTo(exchange.getResponseBody());
            held.reset();
        }
    }
}
