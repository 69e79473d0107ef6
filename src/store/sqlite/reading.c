/* Questions: rows from tables, on the threads of those who ask. */
#include <stdlib.h>

#include "store/chart.h"
#include "store/sqlite/columns.h"
#include "store/sqlite/sqlite_priv.h"

/* The slices of a value that is read stay those of its series. */
static lw_err set_series(lw_row *row, lw_bytes endpoint, lw_bytes path)
{
    row->as.value.endpoint = endpoint;
    return lw_path_parse(path, &row->as.value.path) == LW_OK ? LW_OK : LW_EFORMAT;
}

lw_err lw_sqlite_read_row(sqlite3_stmt *s, lw_row_kind kind, lw_row *out_row)
{
    lw_err err;
    switch (kind) {
    case LW_ROW_DEVICE:
        return lw_read_device(s, out_row);
    case LW_ROW_WISH:
        return lw_read_wish(s, out_row);
    case LW_ROW_REQUEST:
        return lw_read_request(s, out_row);
    case LW_ROW_VALUE:
        err = lw_read_value(s, out_row);
        return err == LW_OK ? set_series(out_row, lw_column_octets(s, 7), lw_column_octets(s, 8))
                            : err;
    default:
        return lw_read_document(s, kind, out_row);
    }
}

/* Gives all rows of a statement; *out_count of them. */
static lw_err give_rows(lw_db *db, sqlite3_stmt *s, lw_row_kind kind, lw_row_fn *fn, void *ctx,
                        uint64_t *out_count)
{
    bool goes_on = true;
    *out_count = 0;
    while (goes_on) {
        lw_row row;
        int code = sqlite3_step(s);
        if (code != SQLITE_ROW) {
            return code == SQLITE_DONE ? LW_OK : lw_db_err(db);
        }
        lw_err err = lw_sqlite_read_row(s, kind, &row);
        if (err != LW_OK) {
            return err;
        }
        ++*out_count;
        goes_on = fn(ctx, &row);
    }
    return LW_OK;
}

/* What is damaged is told by the whole store from now on. */
static lw_err end_reading(lw_sqlite *s, lw_db *db, lw_err err)
{
    lw_sqlite_release(s, db);
    if (err == LW_EFORMAT && s->group != NULL) {
        const char *why;
        (void)lw_db_explain(SQLITE_CORRUPT, &why);
        lw_group_damage(s->group, why);
    }
    return err;
}

lw_sql lw_sqlite_each_of(lw_row_kind kind)
{
    static const lw_sql of_kind[] = {[LW_ROW_DEVICE] = LW_SQL_EACH_DEVICE,
                                     [LW_ROW_WISH] = LW_SQL_EACH_WISH,
                                     [LW_ROW_REQUEST] = LW_SQL_EACH_REQUEST,
                                     [LW_ROW_VALUE] = LW_SQL_EACH_VALUE};
    return lw_row_kind_is_document(kind) ? LW_SQL_EACH_DOCUMENT : of_kind[kind];
}

lw_err lw_sqlite_each(lw_store *store, lw_row_kind kind, lw_row_fn *fn, void *ctx)
{
    lw_sqlite *s = lw_sqlite_of(store);
    lw_err err;
    if (lw_row_kind_name(kind) == NULL) {
        return LW_EINVAL;
    }
    lw_db *db = lw_sqlite_borrow(s, &err);
    if (db == NULL) {
        return err;
    }
    lw_sql id = lw_sqlite_each_of(kind);
    sqlite3_stmt *statement = lw_db_take(db, id);
    if (statement == NULL) {
        return end_reading(s, db, lw_db_err(db));
    }
    if (lw_row_kind_is_document(kind)) {
        lw_bind_text(statement, 1, lw_bytes_str(lw_row_kind_name(kind)));
    }
    uint64_t count;
    err = give_rows(db, statement, kind, fn, ctx, &count);
    lw_db_give(db, id, statement);
    return end_reading(s, db, err);
}

static lw_sql bind_key(lw_db *db, const lw_row *key, sqlite3_stmt **out_statement)
{
    static const lw_sql of_kind[] = {[LW_ROW_DEVICE] = LW_SQL_GET_DEVICE,
                                     [LW_ROW_WISH] = LW_SQL_GET_WISH,
                                     [LW_ROW_REQUEST] = LW_SQL_GET_REQUEST};
    lw_sql id = lw_row_kind_is_document(key->kind) ? LW_SQL_GET_DOCUMENT : of_kind[key->kind];
    sqlite3_stmt *s = lw_db_take(db, id);
    *out_statement = s;
    if (s == NULL) {
        return id;
    }
    switch (key->kind) {
    case LW_ROW_DEVICE:
        lw_bind_text(s, 1, key->as.device.endpoint);
        break;
    case LW_ROW_WISH:
        lw_bind_text(s, 1, key->as.wish.endpoint);
        lw_bind_text(s, 2, key->as.wish.target);
        break;
    case LW_ROW_REQUEST:
        sqlite3_bind_int64(s, 1, lw_request_shard(key->as.request.id));
        sqlite3_bind_int64(s, 2, lw_request_seq(key->as.request.id));
        break;
    default:
        lw_bind_text(s, 1, lw_bytes_str(lw_row_kind_name(key->kind)));
        lw_bind_text(s, 2, key->as.document.key);
        break;
    }
    return id;
}

lw_err lw_sqlite_get(lw_store *store, const lw_row *key, lw_row_fn *fn, void *ctx)
{
    lw_sqlite *s = lw_sqlite_of(store);
    sqlite3_stmt *statement;
    uint64_t count = 0;
    lw_err err = lw_row_check(key, true);
    lw_db *db = err == LW_OK ? lw_sqlite_borrow(s, &err) : NULL;
    if (db == NULL) {
        return err;
    }
    lw_sql id = bind_key(db, key, &statement);
    if (statement == NULL) {
        return end_reading(s, db, lw_db_err(db));
    }
    err = give_rows(db, statement, key->kind, fn, ctx, &count);
    lw_db_give(db, id, statement);
    if (err == LW_OK && count == 0) {
        err = LW_ENOTFOUND;
    }
    return end_reading(s, db, err);
}

lw_err lw_sqlite_requests(lw_store *store, lw_bytes endpoint, uint64_t before, uint32_t limit,
                          lw_row_fn *fn, void *ctx)
{
    lw_sqlite *s = lw_sqlite_of(store);
    uint64_t newest = before > 0 ? before - 1 : UINT64_MAX;
    lw_err err = LW_EINVAL;
    bool is_sound = endpoint.len > 0 && endpoint.len <= LW_ROW_KEY_MAX;
    lw_db *db = is_sound ? lw_sqlite_borrow(s, &err) : NULL;
    if (db == NULL) {
        return err;
    }
    sqlite3_stmt *statement = lw_db_take(db, LW_SQL_REQUESTS_OF);
    if (statement == NULL) {
        return end_reading(s, db, lw_db_err(db));
    }
    lw_bind_text(statement, 1, endpoint);
    sqlite3_bind_int64(statement, 2, lw_request_shard(newest));
    sqlite3_bind_int64(statement, 3, lw_request_seq(newest));
    sqlite3_bind_int64(statement, 4, limit);
    uint64_t count;
    err = give_rows(db, statement, LW_ROW_REQUEST, fn, ctx, &count);
    lw_db_give(db, LW_SQL_REQUESTS_OF, statement);
    return end_reading(s, db, err);
}

lw_err lw_sqlite_documents(lw_store *store, lw_row_kind kind, lw_bytes after, uint32_t limit,
                           lw_row_fn *fn, void *ctx)
{
    lw_sqlite *s = lw_sqlite_of(store);
    lw_err err = LW_EINVAL;
    bool is_sound = lw_row_kind_is_document(kind) && after.len <= LW_ROW_KEY_MAX;
    lw_db *db = is_sound ? lw_sqlite_borrow(s, &err) : NULL;
    if (db == NULL) {
        return err;
    }
    sqlite3_stmt *statement = lw_db_take(db, LW_SQL_DOCUMENTS_AFTER);
    if (statement == NULL) {
        return end_reading(s, db, lw_db_err(db));
    }
    lw_bind_text(statement, 1, lw_bytes_str(lw_row_kind_name(kind)));
    lw_bind_text(statement, 2, after);
    sqlite3_bind_int64(statement, 3, limit);
    uint64_t count;
    err = give_rows(db, statement, kind, fn, ctx, &count);
    lw_db_give(db, LW_SQL_DOCUMENTS_AFTER, statement);
    return end_reading(s, db, err);
}

/* ---- Values: the series below the path, each read in order of time, merged ---- */

typedef struct cursor {
    int64_t series;
    lw_path path;
    sqlite3_stmt *statement;
    lw_chart_point current; /* what it gives next */
    bool is_open;           /* there is a current one */
    bool at_end;            /* of what is recorded: another step would begin anew */
    lw_chart chart;         /* when there is a step: */
    lw_chart_point ready[2];
    unsigned ready_count, ready_next;
} cursor;

typedef struct merge {
    lw_db *db;
    const lw_values_query *query;
    lw_sql id;
    cursor *cursors;
    size_t count, cap;
} merge;

static lw_err add_cursor(merge *m, int64_t series, lw_path path)
{
    if (m->count == m->cap) {
        size_t cap = m->cap * 2 + 8;
        cursor *more = realloc(m->cursors, cap * sizeof *more);
        if (more == NULL) {
            return LW_ENOMEM;
        }
        m->cursors = more;
        m->cap = cap;
    }
    m->cursors[m->count] = (cursor){.series = series, .path = path};
    lw_chart_init(&m->cursors[m->count].chart, m->query);
    m->count++;
    return LW_OK;
}

static lw_err find_series(merge *m)
{
    sqlite3_stmt *s = lw_db_take(m->db, LW_SQL_SERIES_OF);
    if (s == NULL) {
        return lw_db_err(m->db);
    }
    lw_bind_text(s, 1, m->query->endpoint);
    lw_err err = LW_OK;
    int code = sqlite3_step(s);
    for (; code == SQLITE_ROW && err == LW_OK; code = sqlite3_step(s)) {
        lw_path path;
        if (lw_path_parse(lw_column_octets(s, 1), &path) != LW_OK) {
            err = LW_EFORMAT;
        } else if (lw_path_contains(m->query->path, path)) {
            err = add_cursor(m, sqlite3_column_int64(s, 0), path);
        }
    }
    if (err == LW_OK && code != SQLITE_DONE) {
        err = lw_db_err(m->db);
    }
    lw_db_give(m->db, LW_SQL_SERIES_OF, s);
    return err;
}

/* The next recorded value of a series. LW_END: no more. */
static lw_err read_next(merge *m, cursor *c, lw_row *out, uint64_t *out_order)
{
    int code = c->at_end ? SQLITE_DONE : sqlite3_step(c->statement);
    if (code != SQLITE_ROW) {
        c->at_end = true;
        return code == SQLITE_DONE ? LW_END : lw_db_err(m->db);
    }
    lw_err err = lw_read_value(c->statement, out);
    out->as.value.endpoint = m->query->endpoint;
    out->as.value.path = c->path;
    *out_order = (uint64_t)sqlite3_column_int64(c->statement, 0);
    return err;
}

/* Reads on until the chart has points to give. LW_END: it has no more. */
static lw_err fill_chart(merge *m, cursor *c)
{
    c->ready_next = c->ready_count = 0;
    while (c->ready_count == 0) {
        lw_row row;
        uint64_t order = 0;
        lw_err err = read_next(m, c, &row, &order);
        if (err == LW_END) {
            c->ready_count = lw_chart_end(&c->chart, c->ready);
            return c->ready_count > 0 ? LW_OK : LW_END;
        }
        if (err != LW_OK) {
            return err;
        }
        c->ready_count = lw_chart_feed(&c->chart, &row.as.value, order, c->ready);
    }
    return LW_OK;
}

/* Moves the cursor to its next value. */
static lw_err advance(merge *m, cursor *c)
{
    lw_err err = LW_OK;
    if (m->query->step > 0) {
        if (c->ready_next == c->ready_count) {
            err = fill_chart(m, c);
        }
        if (err == LW_OK) {
            c->current = c->ready[c->ready_next++];
        }
    } else {
        lw_row row;
        err = read_next(m, c, &row, &c->current.order);
        c->current.value = row.as.value;
    }
    c->is_open = err == LW_OK;
    return err == LW_END ? LW_OK : err;
}

static lw_err start(merge *m, cursor *c)
{
    c->statement = lw_db_take(m->db, m->id);
    if (c->statement == NULL) {
        return lw_db_err(m->db);
    }
    sqlite3_bind_int64(c->statement, 1, c->series);
    sqlite3_bind_int64(c->statement, 2, m->query->from);
    sqlite3_bind_int64(c->statement, 3, m->query->to);
    return advance(m, c);
}

/* The cursor whose value is due. A device has tens of series, at most some hundreds: they are
 * looked through. NULL: all are at their end. */
static cursor *next_cursor(merge *m)
{
    cursor *best = NULL;
    for (size_t i = 0; i < m->count; i++) {
        cursor *c = &m->cursors[i];
        if (!c->is_open) {
            continue;
        }
        int order = best != NULL ? lw_chart_compare(&c->current, &best->current) : -1;
        if (best == NULL || (m->query->newest_first ? order > 0 : order < 0)) {
            best = c;
        }
    }
    return best;
}

static lw_err give_values(merge *m, lw_row_fn *fn, void *ctx)
{
    lw_err err = find_series(m);
    for (size_t i = 0; i < m->count && err == LW_OK; i++) {
        err = start(m, &m->cursors[i]);
    }
    bool goes_on = true;
    for (uint32_t i = 0; i < m->query->limit && goes_on && err == LW_OK; i++) {
        cursor *c = next_cursor(m);
        if (c == NULL) {
            break;
        }
        lw_row row = {.kind = LW_ROW_VALUE, .as.value = c->current.value};
        goes_on = fn(ctx, &row);
        err = goes_on ? advance(m, c) : LW_OK;
    }
    for (size_t i = 0; i < m->count; i++) {
        lw_db_give(m->db, m->id, m->cursors[i].statement);
    }
    free(m->cursors);
    return err;
}

lw_err lw_sqlite_values(lw_store *store, const lw_values_query *query, lw_row_fn *fn, void *ctx)
{
    lw_sqlite *s = lw_sqlite_of(store);
    lw_err err = lw_values_query_check(query);
    lw_db *db = err == LW_OK ? lw_sqlite_borrow(s, &err) : NULL;
    if (db == NULL) {
        return err;
    }
    merge m = {.db = db,
               .query = query,
               .id = query->newest_first ? LW_SQL_VALUES_OF_BACKWARDS : LW_SQL_VALUES_OF};
    /* All series as they are at one moment: a transaction around, unless there is one. */
    bool is_alone = sqlite3_get_autocommit(db->sq) != 0;
    if (is_alone) {
        err = lw_db_do(db, LW_SQL_BEGIN_READING, lw_db_take(db, LW_SQL_BEGIN_READING));
    }
    if (err == LW_OK) {
        err = give_values(&m, fn, ctx);
    }
    if (is_alone && !sqlite3_get_autocommit(db->sq)) {
        lw_err ended = lw_db_do(db, LW_SQL_COMMIT, lw_db_take(db, LW_SQL_COMMIT));
        err = err == LW_OK ? ended : err;
    }
    return end_reading(s, db, err);
}
