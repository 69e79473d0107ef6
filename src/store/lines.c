/* Export and import: a store as JSON lines.
 *
 *   {"lapwing": "store", "version": 1}
 *   {"kind": "highest", "of": "request", "number": 17}   of each shard; before the rows
 *   {"kind": "device", …}                          rows, as store/fields.h has them
 *   {"kind": "end", "rows": 2}                     so that a part is never taken for the whole
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "store/fields.h"
#include "store/row.h"
#include "store/store.h"

#define VERSION 1

/* Between two waits for the disk. */
#define BATCH        5000                       /* rows */
#define BATCH_OCTETS (LW_STORE_WAITING_MAX / 4) /* of text */

/* ---- Export ---- */

typedef struct exporting {
    FILE *out;
    uint64_t rows;
    lw_err err;
} exporting;

/* Writes a line and takes the reference; NULL: out of memory. */
static bool write_line(exporting *e, json_t *json)
{
    if (json == NULL) {
        e->err = LW_ENOMEM;
        return false;
    }
    bool is_written = json_dumpf(json, e->out, JSON_COMPACT) == 0 && putc('\n', e->out) != EOF;
    json_decref(json);
    e->err = is_written ? e->err : LW_EIO;
    return is_written;
}

static bool export_row(void *ctx, const lw_row *row)
{
    exporting *e = ctx;
    e->rows++;
    return write_line(e, lw_row_to_json(row));
}

static void export_highest(lw_store *store, exporting *e, lw_row_kind kind)
{
    for (unsigned shard = 0; shard < 256 && e->err == LW_OK; shard++) {
        uint64_t number = 0;
        e->err = store->ops->highest(store, kind, (uint8_t)shard, &number);
        if (e->err == LW_OK && number > 0) {
            write_line(e, json_pack("{s:s, s:s, s:o}", "kind", "highest", "of",
                                    lw_row_kind_name(kind), "number", lw_json_of_uint64(number)));
        }
    }
}

lw_err lw_store_export(lw_store *store, FILE *out, uint64_t *out_rows)
{
    exporting e = {.out = out, .err = LW_OK};
    write_line(&e, json_pack("{s:s, s:i}", "lapwing", "store", "version", VERSION));
    export_highest(store, &e, LW_ROW_DEVICE);
    export_highest(store, &e, LW_ROW_REQUEST);
    for (int kind = 0; kind < LW_ROW_KIND_COUNT && e.err == LW_OK; kind++) {
        lw_err err = store->ops->each(store, (lw_row_kind)kind, export_row, &e);
        e.err = e.err == LW_OK ? err : e.err;
    }
    if (e.err == LW_OK) {
        write_line(&e, json_pack("{s:s, s:I}", "kind", "end", "rows", (json_int_t)e.rows));
    }
    if (e.err == LW_OK && fflush(out) != 0) {
        e.err = LW_EIO;
    }
    *out_rows = e.rows;
    return e.err;
}

/* ---- Import ---- */

typedef struct importing {
    FILE *in;
    lw_store *store; /* NULL: it is only looked at */
    char *line;
    size_t line_cap;
    lw_scratch scratch; /* for one line */
    uint64_t number;    /* of the line, from 1 */
    uint64_t rows;
    bool at_end;   /* the last line was read */
    size_t octets; /* of lines since the last wait */
    char *why;
    size_t why_len;
} importing;

__attribute__((format(printf, 3, 4))) static lw_err complain(importing *i, lw_err err,
                                                             const char *format, ...)
{
    va_list args;
    int len = i->number > 0
                  ? snprintf(i->why, i->why_len, "line %llu: ", (unsigned long long)i->number)
                  : 0;
    va_start(args, format);
    if ((size_t)len < i->why_len) {
        vsnprintf(i->why + len, i->why_len - (size_t)len, format, args);
    }
    va_end(args);
    return err;
}

static lw_err say(importing *i, lw_err err)
{
    return err == LW_OK ? LW_OK : complain(i, err, "the store: %s", lw_err_text(err));
}

static lw_err put(importing *i, const lw_row *row)
{
    /* The last of a batch is urgent: it takes all before it along. */
    bool is_last = i->rows % BATCH == BATCH - 1 || i->octets > BATCH_OCTETS;
    lw_ticket ticket;
    lw_err err = i->store->ops->put(i->store, row, is_last ? LW_URGENT : LW_LAZY, &ticket);
    if (err == LW_OK && is_last) {
        err = i->store->ops->wait(i->store, ticket);
        i->octets = 0;
    }
    return say(i, err);
}

static lw_err take_row(importing *i, const json_t *json)
{
    lw_row row;
    const char *field;
    lw_err err = lw_row_from_json(json, &i->scratch, &row, &field);
    if (err != LW_OK) {
        return complain(i, err, "%s is missing or wrong", field);
    }
    err = lw_row_check(&row, false);
    if (err != LW_OK) {
        return complain(i, LW_EFORMAT, "a row that no store takes: %s", lw_err_text(err));
    }
    if (i->store != NULL) {
        err = put(i, &row);
    }
    i->rows++;
    return err;
}

/* A row with that number that comes and goes before all others: the store remembers its number. */
static lw_err take_highest(importing *i, const json_t *json)
{
    uint64_t number;
    lw_row row = {.kind = LW_ROW_REQUEST};
    lw_bytes nobody = lw_bytes_str("lapwing-import");
    const char *of = json_string_value(json_object_get(json, "of"));
    bool is_device = of != NULL && strcmp(of, lw_row_kind_name(LW_ROW_DEVICE)) == 0;
    bool is_request = of != NULL && strcmp(of, lw_row_kind_name(LW_ROW_REQUEST)) == 0;
    if ((!is_device && !is_request) || i->rows > 0 ||
        !lw_json_to_uint64(json_object_get(json, "number"), &number)) {
        return complain(i, LW_EFORMAT, "a highest number of nothing, or behind the rows");
    }
    if (i->store == NULL) {
        return LW_OK;
    }
    if (is_device) {
        row.kind = LW_ROW_DEVICE;
        row.as.device = (lw_row_device){.endpoint = nobody, .number = number};
    } else {
        row.as.request = (lw_row_request){.id = number, .endpoint = nobody};
    }
    lw_err err = i->store->ops->put(i->store, &row, LW_LAZY, NULL);
    if (err == LW_OK) {
        err = i->store->ops->remove(i->store, &row, LW_LAZY, NULL);
    }
    return say(i, err);
}

static lw_err take_end(importing *i, const json_t *json)
{
    uint64_t rows = 0;
    i->at_end = true;
    if (!lw_json_to_uint64(json_object_get(json, "rows"), &rows) || rows != i->rows) {
        return complain(i, LW_EFORMAT, "%llu rows were there, and it says %llu",
                        (unsigned long long)i->rows, (unsigned long long)rows);
    }
    return LW_OK;
}

static lw_err take_first(importing *i, const json_t *json)
{
    const char *lapwing = json_string_value(json_object_get(json, "lapwing"));
    const json_t *version = json_object_get(json, "version");
    if (lapwing == NULL || strcmp(lapwing, "store") != 0) {
        return complain(i, LW_EFORMAT, "this is no export of a store");
    }
    if (json_integer_value(version) != VERSION) {
        return complain(i, LW_EFORMAT, "an export of another version of Lapwing");
    }
    return LW_OK;
}

static lw_err take_object(importing *i, const json_t *json)
{
    const char *kind = json_string_value(json_object_get(json, "kind"));
    if (i->number == 1) {
        return take_first(i, json);
    }
    if (i->at_end) {
        return complain(i, LW_EFORMAT, "something follows the end");
    }
    if (kind != NULL && strcmp(kind, "end") == 0) {
        return take_end(i, json);
    }
    if (kind != NULL && strcmp(kind, "highest") == 0) {
        return take_highest(i, json);
    }
    return take_row(i, json);
}

static lw_err take_line(importing *i, size_t len)
{
    json_error_t error;
    if (i->scratch.cap < len) {
        uint8_t *more = realloc(i->scratch.octets, len);
        if (more == NULL) {
            return complain(i, LW_ENOMEM, "out of memory");
        }
        i->scratch.octets = more;
        i->scratch.cap = len;
    }
    i->scratch.used = 0;
    i->octets += len;
    json_t *json = json_loadb(i->line, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        return complain(i, LW_EFORMAT, "%s", error.text);
    }
    lw_err err = take_object(i, json);
    json_decref(json);
    return err;
}

/* The whole file: only looked at when there is no store. */
static lw_err take_lines(importing *i, lw_store *store)
{
    lw_err err = LW_OK;
    i->store = store;
    i->number = i->rows = i->octets = 0;
    i->at_end = false;
    rewind(i->in);
    while (err == LW_OK) {
        ssize_t len = getline(&i->line, &i->line_cap, i->in);
        if (len < 0) {
            break;
        }
        i->number++;
        err = take_line(i, (size_t)len);
    }
    if (err != LW_OK) {
        return err;
    }
    if (ferror(i->in)) {
        return complain(i, LW_EIO, "%s", strerror(errno));
    }
    return i->at_end ? LW_OK : complain(i, LW_EFORMAT, "the end is missing");
}

static bool note_row(void *ctx, const lw_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return false;
}

static lw_err expect_empty(importing *i, lw_store *store)
{
    bool has_rows = false;
    i->number = 0;
    for (int kind = 0; kind < LW_ROW_KIND_COUNT; kind++) {
        lw_err err = store->ops->each(store, (lw_row_kind)kind, note_row, &has_rows);
        if (err != LW_OK) {
            return say(i, err);
        }
    }
    return has_rows ? complain(i, LW_ESTATE, "the store is not empty") : LW_OK;
}

/* Waits until all is durable, with an urgent change that changes nothing. */
static lw_err finish(importing *i, lw_store *store)
{
    lw_row mark = {.kind = LW_ROW_SETTING, .as.document.key = lw_bytes_str("lapwing-import")};
    lw_ticket ticket;
    lw_err err = store->ops->remove(store, &mark, LW_URGENT, &ticket);
    if (err == LW_OK) {
        err = store->ops->wait(store, ticket);
    }
    return say(i, err);
}

lw_err lw_store_import(lw_store *store, FILE *in, uint64_t *out_rows, char *why, size_t why_len)
{
    importing i = {.in = in, .why = why, .why_len = why_len};
    if (why_len > 0) {
        why[0] = '\0';
    }
    lw_err err = take_lines(&i, NULL);
    if (err == LW_OK) {
        err = expect_empty(&i, store);
    }
    if (err == LW_OK) {
        err = take_lines(&i, store);
    }
    if (err == LW_OK) {
        err = finish(&i, store);
    }
    *out_rows = i.rows;
    free(i.line);
    free(i.scratch.octets);
    return err;
}
