/* Changes into tables, a batch in one transaction. */
#include <stdio.h>
#include <string.h>

#include "store/sqlite/columns.h"
#include "store/sqlite/sqlite_priv.h"

/* ---- Marks ---- */

#define MARK_NAME_MAX 32

static const lw_row_kind marked_kinds[] = {LW_ROW_DEVICE, LW_ROW_REQUEST};
#define VALUES_OCTETS "value octets"

static lw_bytes mark_name(size_t kind, unsigned shard, char out[MARK_NAME_MAX])
{
    int len = snprintf(out, MARK_NAME_MAX, "%s %u", lw_row_kind_name(marked_kinds[kind]), shard);
    return lw_bytes_of(out, (size_t)len);
}

static lw_err get_mark(lw_db *db, lw_bytes name, int64_t *out_number)
{
    sqlite3_stmt *s = lw_db_take(db, LW_SQL_GET_MARK);
    *out_number = 0;
    if (s == NULL) {
        return lw_db_err(db);
    }
    lw_bind_text(s, 1, name);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        *out_number = sqlite3_column_int64(s, 0);
    }
    lw_err err = code == SQLITE_ROW || code == SQLITE_DONE ? LW_OK : lw_db_err(db);
    lw_db_give(db, LW_SQL_GET_MARK, s);
    return err;
}

static lw_err put_mark(lw_db *db, lw_bytes name, int64_t number)
{
    sqlite3_stmt *s = lw_db_take(db, LW_SQL_PUT_MARK);
    if (s != NULL) {
        lw_bind_text(s, 1, name);
        sqlite3_bind_int64(s, 2, number);
    }
    return lw_db_do(db, LW_SQL_PUT_MARK, s);
}

lw_err lw_sqlite_load_marks(lw_sqlite *s)
{
    char name[MARK_NAME_MAX];
    lw_err err = get_mark(&s->writer, lw_bytes_str(VALUES_OCTETS), &s->marks.values_octets);
    for (size_t kind = 0; kind < 2; kind++) {
        for (unsigned shard = 0; shard < 256 && err == LW_OK; shard++) {
            int64_t number;
            err = get_mark(&s->writer, mark_name(kind, shard, name), &number);
            s->marks.highest[kind][shard] = (uint64_t)number;
        }
    }
    s->stored = s->marks;
    return err;
}

lw_err lw_sqlite_store_marks(lw_sqlite *s)
{
    char name[MARK_NAME_MAX];
    lw_err err = LW_OK;
    if (s->marks.values_octets != s->stored.values_octets) {
        err = put_mark(&s->writer, lw_bytes_str(VALUES_OCTETS), s->marks.values_octets);
    }
    for (size_t kind = 0; kind < 2; kind++) {
        for (unsigned shard = 0; shard < 256 && err == LW_OK; shard++) {
            uint64_t number = s->marks.highest[kind][shard];
            if (number != s->stored.highest[kind][shard]) {
                err = put_mark(&s->writer, mark_name(kind, shard, name), (int64_t)number);
            }
        }
    }
    return err;
}

static void note_highest(lw_sqlite *s, size_t kind, uint64_t number)
{
    uint64_t *highest = &s->marks.highest[kind][number >> 56];
    *highest = number > *highest ? number : *highest;
}

lw_err lw_sqlite_highest(lw_store *store, lw_row_kind kind, uint8_t shard, uint64_t *out_highest)
{
    lw_sqlite *s = lw_sqlite_of(store);
    char name[MARK_NAME_MAX];
    int64_t number = 0;
    if (kind != LW_ROW_DEVICE && kind != LW_ROW_REQUEST) {
        return LW_EINVAL;
    }
    lw_err err;
    lw_db *db = lw_sqlite_borrow(s, &err);
    if (db == NULL) {
        return err;
    }
    err = get_mark(db, mark_name(kind == LW_ROW_DEVICE ? 0 : 1, shard, name), &number);
    lw_sqlite_release(s, db);
    *out_highest = (uint64_t)number;
    return err;
}

/* ---- Rows ---- */

static lw_err put_device(lw_sqlite *s, const lw_row_device *device)
{
    sqlite3_stmt *statement = lw_db_take(&s->writer, LW_SQL_PUT_DEVICE);
    if (statement != NULL) {
        lw_bind_device(statement, device);
        note_highest(s, 0, device->number);
    }
    return lw_db_do(&s->writer, LW_SQL_PUT_DEVICE, statement);
}

static lw_err put_wish(lw_sqlite *s, const lw_row_wish *wish)
{
    sqlite3_stmt *statement = lw_db_take(&s->writer, LW_SQL_PUT_WISH);
    if (statement != NULL) {
        lw_bind_wish(statement, wish);
    }
    return lw_db_do(&s->writer, LW_SQL_PUT_WISH, statement);
}

static lw_err put_request(lw_sqlite *s, const lw_row_request *request)
{
    sqlite3_stmt *statement = lw_db_take(&s->writer, LW_SQL_PUT_REQUEST);
    if (statement != NULL) {
        lw_bind_request(statement, request);
        note_highest(s, 1, request->id);
    }
    return lw_db_do(&s->writer, LW_SQL_PUT_REQUEST, statement);
}

static lw_err put_document(lw_sqlite *s, lw_row_kind kind, const lw_row_document *document)
{
    sqlite3_stmt *statement = lw_db_take(&s->writer, LW_SQL_PUT_DOCUMENT);
    if (statement != NULL) {
        lw_bind_document(statement, kind, document);
    }
    return lw_db_do(&s->writer, LW_SQL_PUT_DOCUMENT, statement);
}

/* The number of the series, which is made when there is none yet. */
static lw_err find_series(lw_db *db, lw_bytes endpoint, lw_bytes path, int64_t *out_series)
{
    sqlite3_stmt *find = lw_db_take(db, LW_SQL_FIND_SERIES);
    if (find == NULL) {
        return lw_db_err(db);
    }
    lw_bind_text(find, 1, endpoint);
    lw_bind_text(find, 2, path);
    int code = sqlite3_step(find);
    if (code == SQLITE_ROW) {
        *out_series = sqlite3_column_int64(find, 0);
    }
    lw_err err = code == SQLITE_ROW || code == SQLITE_DONE ? LW_OK : lw_db_err(db);
    lw_db_give(db, LW_SQL_FIND_SERIES, find);
    if (code != SQLITE_DONE) {
        return err;
    }
    sqlite3_stmt *add = lw_db_take(db, LW_SQL_ADD_SERIES);
    if (add != NULL) {
        lw_bind_text(add, 1, endpoint);
        lw_bind_text(add, 2, path);
    }
    err = lw_db_do(db, LW_SQL_ADD_SERIES, add);
    *out_series = sqlite3_last_insert_rowid(db->sq);
    return err;
}

static lw_err add_value(lw_sqlite *s, const lw_row_value *value)
{
    char path[LW_PATH_TEXT_MAX];
    uint8_t scratch[LW_VALUE_SCRATCH];
    int64_t series = 0;
    size_t len = lw_path_format(value->path, path);
    lw_err err = find_series(&s->writer, value->endpoint, lw_bytes_of(path, len), &series);
    if (err != LW_OK) {
        return err;
    }
    sqlite3_stmt *statement = lw_db_take(&s->writer, LW_SQL_ADD_VALUE);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, series);
        s->marks.values_octets +=
            (int64_t)(LW_VALUE_OCTETS + lw_bind_value(statement, value, scratch));
    }
    return lw_db_do(&s->writer, LW_SQL_ADD_VALUE, statement);
}

static lw_err put_row(lw_sqlite *s, const lw_row *row)
{
    switch (row->kind) {
    case LW_ROW_DEVICE:
        return put_device(s, &row->as.device);
    case LW_ROW_WISH:
        return put_wish(s, &row->as.wish);
    case LW_ROW_REQUEST:
        return put_request(s, &row->as.request);
    case LW_ROW_VALUE:
        return add_value(s, &row->as.value);
    default:
        return put_document(s, row->kind, &row->as.document);
    }
}

/* Runs a statement with one or two texts. */
static lw_err do_with_texts(lw_db *db, lw_sql id, lw_bytes first, const lw_bytes *second)
{
    sqlite3_stmt *statement = lw_db_take(db, id);
    if (statement != NULL) {
        lw_bind_text(statement, 1, first);
        if (second != NULL) {
            lw_bind_text(statement, 2, *second);
        }
    }
    return lw_db_do(db, id, statement);
}

/* A device goes with all it has. Of its values only the series go at once, which hides them; the
 * rest, which may be millions, is deleted in small steps (tidying.c). */
static lw_err remove_device(lw_db *db, lw_bytes endpoint)
{
    static const lw_sql all[] = {LW_SQL_REMOVE_DEVICE, LW_SQL_REMOVE_WISHES, LW_SQL_REMOVE_REQUESTS,
                                 LW_SQL_ADD_DEAD, LW_SQL_REMOVE_SERIES};
    lw_err err = LW_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && err == LW_OK; i++) {
        err = do_with_texts(db, all[i], endpoint, NULL);
    }
    return err;
}

static lw_err remove_request(lw_db *db, uint64_t id)
{
    sqlite3_stmt *statement = lw_db_take(db, LW_SQL_REMOVE_REQUEST);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, lw_request_shard(id));
        sqlite3_bind_int64(statement, 2, lw_request_seq(id));
    }
    return lw_db_do(db, LW_SQL_REMOVE_REQUEST, statement);
}

static lw_err remove_row(lw_db *db, const lw_row *row)
{
    switch (row->kind) {
    case LW_ROW_DEVICE:
        return remove_device(db, row->as.device.endpoint);
    case LW_ROW_WISH:
        return do_with_texts(db, LW_SQL_REMOVE_WISH, row->as.wish.endpoint, &row->as.wish.target);
    case LW_ROW_REQUEST:
        return remove_request(db, row->as.request.id);
    default:
        return do_with_texts(db, LW_SQL_REMOVE_DOCUMENT, lw_bytes_str(lw_row_kind_name(row->kind)),
                             &row->as.document.key);
    }
}

/* ---- A batch ---- */

static lw_err write_all(lw_sqlite *s, const lw_change *first)
{
    lw_err err = lw_db_do(&s->writer, LW_SQL_BEGIN, lw_db_take(&s->writer, LW_SQL_BEGIN));
    for (const lw_change *c = first; c != NULL && err == LW_OK; c = c->next) {
        err = c->removal ? remove_row(&s->writer, &c->row) : put_row(s, &c->row);
    }
    if (err == LW_OK && first == NULL) {
        err = put_mark(&s->writer, lw_bytes_str("probe"), 0); /* can it be written again? */
    }
    if (err == LW_OK) {
        err = lw_sqlite_store_marks(s);
    }
    if (err == LW_OK) {
        err = lw_db_do(&s->writer, LW_SQL_COMMIT, lw_db_take(&s->writer, LW_SQL_COMMIT));
    }
    return err;
}

lw_err lw_sqlite_commit(void *ctx, const lw_change *first, const char **out_why)
{
    lw_sqlite *s = ctx;
    lw_err err = write_all(s, first);
    if (err == LW_OK) {
        s->stored = s->marks;
        return LW_OK;
    }
    int code = sqlite3_extended_errcode(s->writer.sq);
    lw_db_roll_back(&s->writer);
    s->marks = s->stored;
    if ((code & 0xFF) == SQLITE_FULL) {
        (void)lw_sqlite_checkpoint(s); /* room in the journal, when the database has some */
    }
    return lw_db_explain(code, out_why);
}
