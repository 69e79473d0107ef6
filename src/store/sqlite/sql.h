/* Every statement that is prepared: its name and its text. Parameters are numbered as the code
 * binds them, columns stand in the order it reads them.
 */
#ifndef LW_STORE_SQLITE_SQL_H
#define LW_STORE_SQLITE_SQL_H

#define LW_DEVICE_COLUMNS                                                                   \
    "endpoint, number, created_at, seen_at, is_registered, location, peer_ip, peer_scope,"  \
    " peer_port, local_ip, local_scope, local_port, socket, version, bindings, queue_mode," \
    " lifetime, registered_at, updated_at, expires_at, sms, profiles, links, unknown"
#define LW_WISH_COLUMNS "endpoint, target, composite, attributes, format, created_at"
#define LW_REQUEST_COLUMNS                                                               \
    "shard, seq, endpoint, op, path, body, arguments, format, depth, force, timeout_ms," \
    " created_at, expires_at, state, code, err, answer_format, answer, ended_at"
#define LW_VALUE_COLUMNS "id, at, received_at, source, type, single, value"

/* name, text */
#define LW_SQL_LIST(X)                                                                             \
    X(LW_SQL_BEGIN, "BEGIN IMMEDIATE")                                                             \
    X(LW_SQL_BEGIN_READING, "BEGIN DEFERRED")                                                      \
    X(LW_SQL_COMMIT, "COMMIT")                                                                     \
    X(LW_SQL_PUT_DEVICE,                                                                           \
      "REPLACE INTO device (" LW_DEVICE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"    \
      " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)")               \
    X(LW_SQL_PUT_WISH, "REPLACE INTO wish (" LW_WISH_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)")  \
    X(LW_SQL_PUT_REQUEST,                                                                          \
      "REPLACE INTO request (" LW_REQUEST_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"      \
      " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)")                                    \
    X(LW_SQL_PUT_DOCUMENT, "REPLACE INTO document (kind, key, text) VALUES (?1, ?2, ?3)")          \
    X(LW_SQL_PUT_MARK, "REPLACE INTO mark (name, number) VALUES (?1, ?2)")                         \
    X(LW_SQL_FIND_SERIES, "SELECT id FROM series WHERE endpoint = ?1 AND path = ?2")               \
    X(LW_SQL_ADD_SERIES, "INSERT INTO series (endpoint, path) VALUES (?1, ?2)")                    \
    X(LW_SQL_ADD_VALUE, "INSERT INTO value (series, at, received_at, source, type, single, value)" \
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                    \
    X(LW_SQL_REMOVE_DEVICE, "DELETE FROM device WHERE endpoint = ?1")                              \
    X(LW_SQL_REMOVE_WISHES, "DELETE FROM wish WHERE endpoint = ?1")                                \
    X(LW_SQL_REMOVE_REQUESTS, "DELETE FROM request WHERE endpoint = ?1")                           \
    X(LW_SQL_ADD_DEAD, "INSERT INTO dead (series) SELECT id FROM series WHERE endpoint = ?1")      \
    X(LW_SQL_REMOVE_SERIES, "DELETE FROM series WHERE endpoint = ?1")                              \
    X(LW_SQL_REMOVE_WISH, "DELETE FROM wish WHERE endpoint = ?1 AND target = ?2")                  \
    X(LW_SQL_REMOVE_REQUEST, "DELETE FROM request WHERE shard = ?1 AND seq = ?2")                  \
    X(LW_SQL_REMOVE_DOCUMENT, "DELETE FROM document WHERE kind = ?1 AND key = ?2")                 \
    X(LW_SQL_EACH_DEVICE, "SELECT " LW_DEVICE_COLUMNS " FROM device ORDER BY endpoint")            \
    X(LW_SQL_EACH_WISH, "SELECT " LW_WISH_COLUMNS " FROM wish ORDER BY endpoint, target")          \
    X(LW_SQL_EACH_REQUEST, "SELECT " LW_REQUEST_COLUMNS " FROM request ORDER BY shard, seq")       \
    X(LW_SQL_EACH_VALUE,                                                                           \
      "SELECT v.id, v.at, v.received_at, v.source, v.type, v.single, v.value, s.endpoint,"         \
      " s.path FROM value v CROSS JOIN series s ON s.id = v.series ORDER BY v.id")                 \
    X(LW_SQL_EACH_DOCUMENT, "SELECT key, text FROM document WHERE kind = ?1 ORDER BY key")         \
    X(LW_SQL_DOCUMENTS_AFTER,                                                                      \
      "SELECT key, text FROM document WHERE kind = ?1 AND key > ?2 ORDER BY key LIMIT ?3")         \
    X(LW_SQL_GET_DEVICE, "SELECT " LW_DEVICE_COLUMNS " FROM device WHERE endpoint = ?1")           \
    X(LW_SQL_GET_WISH, "SELECT " LW_WISH_COLUMNS " FROM wish WHERE endpoint = ?1 AND target = ?2") \
    X(LW_SQL_GET_REQUEST,                                                                          \
      "SELECT " LW_REQUEST_COLUMNS " FROM request WHERE shard = ?1 AND seq = ?2")                  \
    X(LW_SQL_GET_DOCUMENT, "SELECT key, text FROM document WHERE kind = ?1 AND key = ?2")          \
    X(LW_SQL_GET_MARK, "SELECT number FROM mark WHERE name = ?1")                                  \
    X(LW_SQL_REQUESTS_OF, "SELECT " LW_REQUEST_COLUMNS " FROM request WHERE endpoint = ?1"         \
                          " AND (shard, seq) <= (?2, ?3) ORDER BY shard DESC, seq DESC LIMIT ?4")  \
    X(LW_SQL_SERIES_OF, "SELECT id, path FROM series WHERE endpoint = ?1")                         \
    X(LW_SQL_VALUES_OF,                                                                            \
      "SELECT " LW_VALUE_COLUMNS " FROM value WHERE series = ?1 AND at >= ?2 AND at < ?3"          \
      " ORDER BY at, id")                                                                          \
    X(LW_SQL_VALUES_OF_BACKWARDS,                                                                  \
      "SELECT " LW_VALUE_COLUMNS " FROM value WHERE series = ?1 AND at >= ?2 AND at < ?3"          \
      " ORDER BY at DESC, id DESC")                                                                \
    X(LW_SQL_DROP_DEAD_VALUES,                                                                     \
      "DELETE FROM value WHERE id IN (SELECT id FROM value WHERE series IN"                        \
      " (SELECT series FROM dead ORDER BY series LIMIT 100) LIMIT ?1)"                             \
      " RETURNING iif(typeof(value) IN ('text', 'blob'), length(CAST(value AS BLOB)), 0)")         \
    X(LW_SQL_DROP_DEAD_SERIES,                                                                     \
      "DELETE FROM dead WHERE series IN (SELECT series FROM dead ORDER BY series LIMIT 100)")      \
    X(LW_SQL_DROP_OLD_VALUES,                                                                      \
      "DELETE FROM value WHERE id IN (SELECT id FROM value ORDER BY id LIMIT ?1)"                  \
      " AND received_at < ?2"                                                                      \
      " RETURNING iif(typeof(value) IN ('text', 'blob'), length(CAST(value AS BLOB)), 0)")         \
    X(LW_SQL_DROP_ENDED_REQUESTS,                                                                  \
      "DELETE FROM request WHERE (shard, seq) IN (SELECT shard, seq FROM request"                  \
      " WHERE state >= 2 AND ended_at < ?2 LIMIT ?1)")

typedef enum lw_sql {
#define LW_SQL_ENUM(name, text) name,
    LW_SQL_LIST(LW_SQL_ENUM)
#undef LW_SQL_ENUM
        LW_SQL_COUNT
} lw_sql;

#endif
