#!/bin/sh
# A Virtuoso 7 of one's own on the loopback, as a user would set it up (README, "Another engine").
#   virtuoso.sh install                         from Debian's or Ubuntu's packages, where we may
#   virtuoso.sh start FOLDER HTTP_PORT SQL_PORT  in the foreground, its files in FOLDER
#   virtuoso.sh users SQL_PORT PASSWORD          once: a user `sundgraf` that may write, and another password for dba
set -eu
case $1 in
install)
  command -v virtuoso-t >/dev/null 2>&1 && command -v isql-vt >/dev/null 2>&1 && exit 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing virtuoso-opensource for the tests of remote engines ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq install -y --no-install-recommends virtuoso-opensource >/dev/null 2>&1 && exit 0
    apt-get -qq update >/dev/null 2>&1 || true
    apt-get -qq install -y --no-install-recommends virtuoso-opensource >/dev/null 2>&1 && exit 0
  fi
  echo "No Virtuoso here: its tests are skipped. On Debian and Ubuntu: apt install virtuoso-opensource"
  ;;
start)
  folder=$2
  mkdir -p "$folder"
  [ -e "$folder/virtuoso.ini" ] || cat > "$folder/virtuoso.ini" <<INI
[Database]
DatabaseFile = $folder/virtuoso.db
ErrorLogFile = $folder/virtuoso.log
LockFile = $folder/virtuoso.lck
TransactionFile = $folder/virtuoso.trx
xa_persistent_file = $folder/virtuoso.pxa
[TempDatabase]
DatabaseFile = $folder/virtuoso-temp.db
TransactionFile = $folder/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:$4
ServerThreads = 20
MaxSortedTopRows = 1000000
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
DirsAllowed = $folder
CheckpointInterval = 60
[HTTPServer]
ServerPort = 127.0.0.1:$3
ServerRoot = $folder
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = 2000000
MaxQueryExecutionTime = 30
INI
  cd "$folder"
  exec virtuoso-t +foreground +configfile "$folder/virtuoso.ini"
  ;;
users)
  exec isql-vt "$2" dba dba exec="
    DB.DBA.USER_CREATE ('sundgraf', '$3');
    GRANT SPARQL_UPDATE TO \"sundgraf\";
    DB.DBA.RDF_DEFAULT_USER_PERMS_SET ('nobody', 1);
    DB.DBA.RDF_DEFAULT_USER_PERMS_SET ('sundgraf', 7);
    USER_SET_PASSWORD ('dba', '$3');
    checkpoint;"
  ;;
esac
