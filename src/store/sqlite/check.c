/* The whole store looked over: SQLite's own check of every page, then every row as the server reads
 * it, then what must hold between the tables. */
#include <stdio.h>

#include "store/sqlite/columns.h"
#include "store/sqlite/sqlite_priv.h"

typedef struct checking {
    lw_db *db;
    lw_store_problem_fn *fn;
    void *ctx;
    lw_store_census *census;
} checking;

static void tell(checking *c, const char *sentence)
{
    c->census->problems++;
    c->fn(c->ctx, sentence);
}

/* A statement could not be run to its end. */
static void tell_failure(checking *c, const char *what)
{
    const char *why;
    char sentence[160];
    (void)lw_db_explain(sqlite3_extended_errcode(c->db->sq), &why);
    snprintf(sentence, sizeof sentence, "%s: %s", what, why);
    tell(c, sentence);
}

static void check_pages(checking *c)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(c->db->sq, "PRAGMA integrity_check(1000)", -1, &s, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(s);
    }
    for (; code == SQLITE_ROW; code = sqlite3_step(s)) {
        lw_bytes text = lw_column_octets(s, 0);
        if (!lw_bytes_is(text, "ok")) {
            tell(c, (const char *)sqlite3_column_text(s, 0));
        }
    }
    if (code != SQLITE_DONE) {
        tell_failure(c, "the pages cannot be read to their end");
    }
    sqlite3_finalize(s);
}

static void check_rows(checking *c, lw_row_kind kind)
{
    char sentence[128];
    uint64_t unreadable = 0;
    lw_sql id = lw_sqlite_each_of(kind);
    sqlite3_stmt *s = lw_db_take(c->db, id);
    int code = SQLITE_ERROR;
    if (s != NULL) {
        if (lw_row_kind_is_document(kind)) {
            lw_bind_text(s, 1, lw_bytes_str(lw_row_kind_name(kind)));
        }
        code = sqlite3_step(s);
    }
    for (; code == SQLITE_ROW; code = sqlite3_step(s)) {
        lw_row row;
        c->census->rows[kind]++;
        unreadable += lw_sqlite_read_row(s, kind, &row) != LW_OK ? 1u : 0u;
    }
    if (code != SQLITE_DONE) {
        snprintf(sentence, sizeof sentence, "rows of kind %s cannot be read to their end",
                 lw_row_kind_name(kind));
        tell_failure(c, sentence);
    }
    if (unreadable > 0) {
        snprintf(sentence, sizeof sentence,
                 "rows of kind %s that hold what was never written: %llu", lw_row_kind_name(kind),
                 (unsigned long long)unreadable);
        tell(c, sentence);
        c->census->unreadable += unreadable;
    }
    lw_db_give(c->db, id, s);
}

/* What no server leaves behind: a number of rows, which must be 0. */
static const struct {
    const char *sql, *sentence;
} relations[] = {
    {"SELECT count(*) FROM value v WHERE NOT EXISTS (SELECT 1 FROM series s WHERE s.id = v.series)"
     " AND NOT EXISTS (SELECT 1 FROM dead d WHERE d.series = v.series)",
     "values of no path"},
    {"SELECT count(*) FROM document WHERE kind NOT IN"
     " ('credential', 'bootstrap', 'model', 'token', 'setting')",
     "documents of no known kind"},
    {"SELECT count(*) FROM (SELECT shard, max(seq) AS highest FROM request GROUP BY shard) r"
     " LEFT JOIN mark m ON m.name = 'request ' || r.shard"
     " WHERE m.number IS NULL OR (m.number & 0xFFFFFFFFFFFFFF) < r.highest",
     "shards that would give the id of a request twice"},
    {"SELECT (SELECT ifnull(sum(64 + iif(typeof(value) IN ('text', 'blob'),"
     " length(CAST(value AS BLOB)), 0)), 0) FROM value) <>"
     " (SELECT ifnull((SELECT number FROM mark WHERE name = 'value octets'), 0))",
     "sums of the values' octets that are wrong"},
};

_Static_assert(LW_VALUE_OCTETS == 64, "as the last relation has it");

static void check_relations(checking *c)
{
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        int64_t count;
        char sentence[128];
        if (lw_db_number(c->db, relations[i].sql, &count) != LW_OK) {
            tell_failure(c, relations[i].sentence);
        } else if (count != 0) {
            snprintf(sentence, sizeof sentence, "%s: %lld", relations[i].sentence,
                     (long long)count);
            tell(c, sentence);
        }
    }
}

lw_err lw_store_check(const char *dir, lw_store_problem_fn *fn, void *ctx,
                      lw_store_census *out_census, char *why, size_t why_len)
{
    lw_store *store;
    lw_store_options options = {.read_only = true};
    *out_census = (lw_store_census){0};
    lw_err err = lw_store_sqlite_open(dir, &options, &store, why, why_len);
    if (err != LW_OK) {
        return err;
    }
    checking c = {.db = &lw_sqlite_of(store)->snapshot, .fn = fn, .ctx = ctx, .census = out_census};
    check_pages(&c);
    for (int kind = 0; kind < LW_ROW_KIND_COUNT; kind++) {
        check_rows(&c, (lw_row_kind)kind);
    }
    check_relations(&c);
    store->ops->close(store);
    return LW_OK;
}
