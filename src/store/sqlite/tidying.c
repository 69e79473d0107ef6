/* What goes by itself, in steps of a few milliseconds between the commits of others: values of
 * devices that were removed, values that are too old or too many, requests that ended long ago.
 * Space that became free is used again; when that is a large part of the file, the file shrinks.
 *
 * Values are numbered as they came, so the oldest are the lowest, and stand together in the file: a
 * step reads and writes a few pages, whatever the size of the table. One that was received "later"
 * than its successors, since the clock was set back, holds up the deletion of those until it is old
 * itself. */

#include "store/sqlite/columns.h"
#include "store/sqlite/sqlite_priv.h"

#define STEP            500  /* rows of one transaction */
#define JOURNAL_PAGES   1000 /* copied back when there are as many: 4 MiB */
#define VACUUM_PAGES    256  /* of one step */
#define FREE_PAGES_KEPT 4096 /* 16 MiB, or a quarter of the file */

lw_err lw_sqlite_checkpoint(lw_sqlite *s)
{
    int left = 0, copied = 0;
    int code =
        sqlite3_wal_checkpoint_v2(s->writer.sq, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &copied);
    s->journal_pages = 0; /* tried again after as many as now */
    return code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY ? LW_OK : lw_db_err(&s->writer);
}

/* Runs a DELETE that tells the octets of the texts it deleted; *out_count rows. */
static lw_err drop_values(lw_sqlite *s, lw_sql id, int most, lw_time older_than, int *out_count)
{
    sqlite3_stmt *statement = lw_db_take(&s->writer, id);
    *out_count = 0;
    if (statement == NULL) {
        return lw_db_err(&s->writer);
    }
    sqlite3_bind_int64(statement, 1, most);
    if (id == LW_SQL_DROP_OLD_VALUES) {
        sqlite3_bind_int64(statement, 2, older_than);
    }
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
        s->marks.values_octets -= LW_VALUE_OCTETS + sqlite3_column_int64(statement, 0);
        ++*out_count;
    }
    lw_err err = code == SQLITE_DONE ? LW_OK : lw_db_err(&s->writer);
    lw_db_give(&s->writer, id, statement);
    return err;
}

/* ---- Each looks for its kind, and says how many rows it deleted ---- */

static lw_err drop_dead(lw_sqlite *s, int *out_count)
{
    lw_err err = drop_values(s, LW_SQL_DROP_DEAD_VALUES, STEP, 0, out_count);
    if (err == LW_OK && *out_count < STEP) { /* the first dead ones have none left */
        err = lw_db_do(&s->writer, LW_SQL_DROP_DEAD_SERIES,
                       lw_db_take(&s->writer, LW_SQL_DROP_DEAD_SERIES));
        *out_count += err == LW_OK ? sqlite3_changes(s->writer.sq) : 0;
    }
    return err;
}

static lw_err drop_old(lw_sqlite *s, int *out_count)
{
    if (s->options.values_age == 0) {
        return LW_OK;
    }
    lw_time older_than = lw_sqlite_clock(s) - s->options.values_age;
    return drop_values(s, LW_SQL_DROP_OLD_VALUES, STEP, older_than, out_count);
}

static lw_err drop_too_many(lw_sqlite *s, int *out_count)
{
    int64_t allowed =
        s->options.values_octets < INT64_MAX ? (int64_t)s->options.values_octets : INT64_MAX;
    int64_t excess = s->marks.values_octets - allowed;
    if (allowed == 0 || excess <= 0) {
        return LW_OK;
    }
    int64_t most = (excess + LW_VALUE_OCTETS - 1) / LW_VALUE_OCTETS;
    return drop_values(s, LW_SQL_DROP_OLD_VALUES, most < STEP ? (int)most : STEP, LW_TIME_NEVER,
                       out_count);
}

static lw_err drop_ended(lw_sqlite *s, int *out_count)
{
    if (s->options.requests_age == 0) {
        return LW_OK;
    }
    sqlite3_stmt *statement = lw_db_take(&s->writer, LW_SQL_DROP_ENDED_REQUESTS);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, STEP);
        sqlite3_bind_int64(statement, 2, lw_sqlite_clock(s) - s->options.requests_age);
    }
    lw_err err = lw_db_do(&s->writer, LW_SQL_DROP_ENDED_REQUESTS, statement);
    *out_count = err == LW_OK ? sqlite3_changes(s->writer.sq) : 0;
    return err;
}

static lw_err shrink(lw_sqlite *s, int *out_count)
{
    int64_t pages = 0, unused = 0;
    lw_err err = lw_db_number(&s->writer, "PRAGMA page_count", &pages);
    if (err == LW_OK) {
        err = lw_db_number(&s->writer, "PRAGMA freelist_count", &unused);
    }
    if (err != LW_OK || unused <= FREE_PAGES_KEPT || unused <= pages / 4) {
        return err;
    }
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    *out_count = VACUUM_PAGES;
    return lw_db_run(&s->writer, sql);
}

typedef lw_err tidy_fn(lw_sqlite *s, int *out_count);

/* One step of one kind, in a transaction. A failure is left to the next commit, which meets it too
 * and tells. */
static int take_step(lw_sqlite *s, tidy_fn *fn)
{
    int count = 0;
    lw_err err = lw_db_do(&s->writer, LW_SQL_BEGIN, lw_db_take(&s->writer, LW_SQL_BEGIN));
    if (err == LW_OK) {
        err = fn(s, &count);
    }
    if (err == LW_OK) {
        err = lw_sqlite_store_marks(s);
    }
    if (err == LW_OK) {
        err = lw_db_do(&s->writer, LW_SQL_COMMIT, lw_db_take(&s->writer, LW_SQL_COMMIT));
    }
    if (err == LW_OK) {
        s->stored = s->marks;
        return count;
    }
    lw_db_roll_back(&s->writer);
    s->marks = s->stored;
    return 0;
}

bool lw_sqlite_tidy(void *ctx)
{
    static tidy_fn *const kinds[] = {drop_dead, drop_old, drop_too_many, drop_ended, shrink};
    lw_sqlite *s = ctx;
    if (s->journal_pages >= JOURNAL_PAGES) {
        (void)lw_sqlite_checkpoint(s); /* tried again later; the journal grows meanwhile */
    }
    lw_time now = lw_group_now();
    if (now < s->look_due) {
        return false; /* asked after a commit */
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (take_step(s, kinds[i]) > 0) {
            return true;
        }
    }
    s->look_due = now + s->options.tidy_ms;
    return false;
}
