#include "store/sqlite/schema.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Schema 1.
 *
 * device, wish, request, document   one row each of include/lw/ports.h, by their keys
 * series                            one path of one device that has values
 * value                             numbered in the order they came; the oldest have the lowest
 * dead                              series of removed devices, whose values are still to be deleted
 * mark                              numbers to remember: the highest there ever were, as "device 0"
 *                                   (of shard 0), and the sum of the values' octets
 *
 * A series' number is never used again (AUTOINCREMENT), so no value can come to a wrong one. */
static const char schema_1[] =
    "CREATE TABLE device ("
    "  endpoint TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    "  seen_at INTEGER NOT NULL, is_registered INTEGER NOT NULL, location TEXT NOT NULL,"
    "  peer_ip BLOB NOT NULL, peer_scope INTEGER NOT NULL, peer_port INTEGER NOT NULL,"
    "  local_ip BLOB NOT NULL, local_scope INTEGER NOT NULL, local_port INTEGER NOT NULL,"
    "  socket INTEGER NOT NULL, version INTEGER NOT NULL, bindings INTEGER NOT NULL,"
    "  queue_mode INTEGER NOT NULL, lifetime INTEGER NOT NULL, registered_at INTEGER NOT NULL,"
    "  updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, sms TEXT NOT NULL,"
    "  profiles TEXT NOT NULL, links TEXT NOT NULL, unknown TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE wish ("
    "  endpoint TEXT NOT NULL, target TEXT NOT NULL, composite INTEGER NOT NULL,"
    "  attributes TEXT NOT NULL, format INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    "  PRIMARY KEY (endpoint, target)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE request ("
    "  shard INTEGER NOT NULL, seq INTEGER NOT NULL, endpoint TEXT NOT NULL, op INTEGER NOT NULL,"
    "  path TEXT NOT NULL, body BLOB NOT NULL, arguments TEXT NOT NULL, format INTEGER NOT NULL,"
    "  depth INTEGER NOT NULL, force INTEGER NOT NULL, timeout_ms INTEGER NOT NULL,"
    "  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, state INTEGER NOT NULL,"
    "  code INTEGER NOT NULL, err INTEGER NOT NULL, answer_format INTEGER NOT NULL,"
    "  answer BLOB NOT NULL, ended_at INTEGER NOT NULL,"
    "  PRIMARY KEY (shard, seq)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX request_by_device ON request (endpoint, shard, seq);"
    "CREATE INDEX request_by_end ON request (ended_at) WHERE state >= 2;"
    "CREATE TABLE series ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, path TEXT NOT NULL,"
    "  UNIQUE (endpoint, path)"
    ") STRICT;"
    "CREATE TABLE value ("
    "  id INTEGER PRIMARY KEY, series INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  received_at INTEGER NOT NULL, source INTEGER NOT NULL, type INTEGER NOT NULL,"
    "  single INTEGER NOT NULL, value ANY"
    ") STRICT;"
    "CREATE INDEX value_by_time ON value (series, at);"
    "CREATE TABLE dead (series INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE document ("
    "  kind TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE mark (name TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL)"
    "  STRICT, WITHOUT ROWID;";

static const char *const steps[] = {schema_1};
const lw_schema lw_store_schema = {steps, sizeof steps / sizeof steps[0]};

static lw_err take_step(lw_db *db, const char *sql, size_t version)
{
    char stamp[96];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %zu; COMMIT",
             LW_STORE_APPLICATION_ID, version);
    lw_err err = lw_db_run(db, "BEGIN IMMEDIATE");
    if (err == LW_OK) {
        err = lw_db_run(db, sql);
    }
    if (err == LW_OK) {
        err = lw_db_run(db, stamp);
    }
    if (err != LW_OK) {
        lw_db_roll_back(db);
    }
    return err;
}

lw_err lw_schema_migrate(lw_db *db, const lw_schema *schema)
{
    int64_t version = 0, application = 0, tables = 0;
    lw_err err = lw_db_number(db, "PRAGMA user_version", &version);
    if (err == LW_OK) {
        err = lw_db_number(db, "PRAGMA application_id", &application);
    }
    if (err == LW_OK) {
        err = lw_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (err != LW_OK) {
        return err;
    }
    bool is_new = version == 0 && application == 0 && tables == 0;
    if ((!is_new && (application != LW_STORE_APPLICATION_ID || version < 1)) ||
        version > (int64_t)schema->count) {
        return LW_ENOTSUP;
    }
    for (size_t v = (size_t)version; v < schema->count && err == LW_OK; v++) {
        err = take_step(db, schema->steps[v], v + 1);
    }
    return err;
}
