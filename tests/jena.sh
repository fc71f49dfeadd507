#!/bin/sh
# Jena's engine behind a small HTTP server of ours at Fuseki's addresses, on the loopback (tests/jena/Serve.java).
#   jena.sh install             Debian's package of Jena's jars, where we may; it needs a JDK, which is not brought along
#   jena.sh start FOLDER PORT   in the foreground, its TDB2 files in FOLDER
# JENA_USER and JENA_PASSWORD are asked for whoever writes.
set -eu
jars=/usr/share/java
case $1 in
install)
  command -v javac >/dev/null 2>&1 || { echo "No JDK here: the tests of Jena are skipped."; exit 0; }
  [ -e "$jars/jena-tdb2.jar" ] && exit 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq install -y --no-install-recommends libapache-jena-java >/dev/null 2>&1 && exit 0
    apt-get -qq update >/dev/null 2>&1 || true
    apt-get -qq install -y --no-install-recommends libapache-jena-java >/dev/null 2>&1 && exit 0
  fi
  echo "No Jena here: its tests are skipped. On Debian and Ubuntu: apt install libapache-jena-java default-jdk-headless"
  ;;
start)
  folder=$2
  here=$(cd "$(dirname "$0")" && pwd)
  path=$folder/classes
  for jar in jena-arq jena-base jena-core jena-iri jena-dboe-base jena-dboe-index jena-dboe-storage \
    jena-dboe-trans-data jena-dboe-transaction jena-tdb2 thrift protobuf slf4j-api slf4j-nop gson guava \
    dexx.collection commons-cli commons-codec commons-compress commons-csv commons-io commons-lang3 \
    jackson-core jackson-databind jackson-annotations jsonld-java titanium-json-ld; do
    path=$path:$jars/$jar.jar
  done
  if [ ! -e "$folder/classes/Serve.class" ]; then
    mkdir -p "$folder/classes" "$folder/tdb2"
    # Debian renamed Jena's copy of Xerces and not where its texts are, without which no datatype can be made.
    (cd "$folder/classes" && jar --extract --file "$jars/jena-core.jar" org/apache/jena/ext/xerces)
    mv "$folder/classes/org/apache/jena/ext/xerces" "$folder/classes/xerces"
    javac -cp "$path" -d "$folder/classes" "$here/jena/Serve.java"
  fi
  exec java -Xmx2g -XX:+UseSerialGC -cp "$path" Serve "$folder/tdb2" "$3"
  ;;
esac
