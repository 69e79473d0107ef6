/* A store without a disk: rows on the heap, found through one ordered map.
 *
 * A key of the map begins with a letter that says what it leads to; the rest puts the entries in
 * the order in which they are asked for. A row may have several keys. Texts are written so that no
 * text is the beginning of another: 00 as 00 FF, and 00 00 behind the last octet.
 *
 *   'd' endpoint                      a device
 *   'w' endpoint target               a wish
 *   'r' id                            a request
 *   'R' endpoint ~id                    the same, newest first of each device
 *   'v' number                        a value: they are numbered as they come
 *   'V' endpoint path at number         the same, by path and time
 *   'D' kind key                      a document
 *   'h' kind shard                    the highest number there ever was; the value is no row
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/reader.h"
#include "base/writer.h"
#include "store/chart.h"
#include "store/ordmap.h"
#include "store/row.h"
#include "store/store.h"
#include "store/tickets.h"

/* Two texts of the largest size, each octet escaped, and some numbers. */
#define KEY_MAX (2 * 2 * LW_ROW_KEY_MAX + 64)

typedef struct memory {
    lw_store store;
    pthread_mutex_t lock; /* of all that follows; not held while others are called */
    pthread_cond_t settled;
    lw_ordmap map;
    uint64_t value_count; /* numbers values */
    lw_changes waiting;
    lw_tickets tickets;
    uint64_t commits, rows;
    bool telling;  /* some thread is in `tell` */
    uint64_t told; /* of tickets.durable */
    bool held;
    bool failed; /* the last commit that a test let happen */
} memory;

/* ---- Keys ---- */

typedef struct key {
    lw_writer w;
    uint8_t octets[KEY_MAX];
} key;

static void key_begin(key *k, char letter)
{
    lw_writer_init(&k->w, k->octets, sizeof k->octets);
    lw_write_u8(&k->w, (uint8_t)letter);
}

static void key_text(key *k, lw_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        lw_write_u8(&k->w, text.ptr[i]);
        if (text.ptr[i] == 0) {
            lw_write_u8(&k->w, 0xFF);
        }
    }
    lw_write_u16(&k->w, 0);
}

/* Without an end, so that a path is the beginning of those below it. */
static void key_path(key *k, lw_path path)
{
    for (unsigned level = LW_LEVEL_OBJECT; level <= lw_path_depth(path); level++) {
        lw_write_u8(&k->w, 1);
        lw_write_u16(&k->w, lw_path_id(path, level));
    }
}

static void key_time(key *k, lw_time at)
{
    lw_write_u64(&k->w, (uint64_t)at ^ (uint64_t)1 << 63); /* negative ones first */
}

static lw_bytes key_octets(const key *k)
{
    return lw_writer_bytes(&k->w);
}

static void key_of_row(key *k, const lw_row *row)
{
    switch (row->kind) {
    case LW_ROW_DEVICE:
        key_begin(k, 'd');
        key_text(k, row->as.device.endpoint);
        break;
    case LW_ROW_WISH:
        key_begin(k, 'w');
        key_text(k, row->as.wish.endpoint);
        key_text(k, row->as.wish.target);
        break;
    case LW_ROW_REQUEST:
        key_begin(k, 'r');
        lw_write_u64(&k->w, row->as.request.id);
        break;
    default:
        key_begin(k, 'D');
        lw_write_u8(&k->w, row->kind);
        key_text(k, row->as.document.key);
        break;
    }
}

static void key_of_kind(key *k, lw_row_kind kind)
{
    static const char letters[] = {
        [LW_ROW_DEVICE] = 'd', [LW_ROW_WISH] = 'w', [LW_ROW_REQUEST] = 'r', [LW_ROW_VALUE] = 'v'};
    if (lw_row_kind_is_document(kind)) {
        key_begin(k, 'D');
        lw_write_u8(&k->w, (uint8_t)kind);
    } else {
        key_begin(k, letters[kind]);
    }
}

static void key_of_device_request(key *k, const lw_row_request *request)
{
    key_begin(k, 'R');
    key_text(k, request->endpoint);
    lw_write_u64(&k->w, ~request->id);
}

static void key_of_value(key *k, uint64_t number)
{
    key_begin(k, 'v');
    lw_write_u64(&k->w, number);
}

static void key_of_value_by_path(key *k, const lw_row_value *value, uint64_t number)
{
    key_begin(k, 'V');
    key_text(k, value->endpoint);
    key_path(k, value->path);
    lw_write_u8(&k->w, 0);
    key_time(k, value->at);
    lw_write_u64(&k->w, number);
}

static bool key_begins(const key *k, const lw_ordnode *node)
{
    lw_bytes prefix = key_octets(k);
    lw_bytes whole = lw_ordnode_key(node);
    return whole.len >= prefix.len && memcmp(whole.ptr, prefix.ptr, prefix.len) == 0;
}

static lw_ordnode *first_of(const memory *m, const key *prefix)
{
    return lw_ordmap_seek(&m->map, key_octets(prefix));
}

/* The row under a key, NULL when there is none. */
static lw_row *row_at(const memory *m, const key *k)
{
    lw_ordnode *node = lw_ordmap_find(&m->map, key_octets(k));
    return node != NULL ? lw_ordnode_value(node) : NULL;
}

/* ---- Changes ---- */

static void forget(memory *m, lw_row *row)
{
    key k;
    if (row->kind == LW_ROW_REQUEST) {
        key_of_device_request(&k, &row->as.request);
        lw_ordmap_remove(&m->map, key_octets(&k));
    }
    key_of_row(&k, row);
    lw_ordmap_remove(&m->map, key_octets(&k));
    free(row);
}

/* All rows that keys with this beginning lead to. */
static void forget_all(memory *m, const key *prefix)
{
    for (lw_ordnode *n = first_of(m, prefix); n != NULL && key_begins(prefix, n);
         n = first_of(m, prefix)) {
        forget(m, lw_ordnode_value(n));
    }
}

static void forget_values(memory *m, lw_bytes endpoint)
{
    key k, by_number;
    key_begin(&k, 'V');
    key_text(&k, endpoint);
    for (lw_ordnode *n = first_of(m, &k); n != NULL && key_begins(&k, n); n = first_of(m, &k)) {
        lw_bytes whole = lw_ordnode_key(n);
        key_begin(&by_number, 'v');
        lw_write_bytes(&by_number.w, lw_bytes_from(whole, whole.len - sizeof(uint64_t)));
        free(lw_ordnode_value(n));
        lw_ordmap_remove(&m->map, key_octets(&by_number));
        lw_ordmap_remove(&m->map, whole);
    }
}

static void apply_removal(memory *m, const lw_row *row)
{
    key k;
    if (row->kind == LW_ROW_DEVICE) {
        key_begin(&k, 'w');
        key_text(&k, row->as.device.endpoint);
        forget_all(m, &k);
        key_begin(&k, 'R');
        key_text(&k, row->as.device.endpoint);
        forget_all(m, &k);
        forget_values(m, row->as.device.endpoint);
    }
    key_of_row(&k, row);
    lw_row *old = row_at(m, &k);
    if (old != NULL) {
        forget(m, old);
    }
}

/* Makes all the keys lead to the row, or none. */
static lw_err add_keys(memory *m, lw_row *row, const key *keys, size_t count)
{
    lw_ordnode *nodes[2];
    for (size_t i = 0; i < count; i++) {
        nodes[i] = lw_ordmap_put(&m->map, key_octets(&keys[i]));
        if (nodes[i] == NULL) {
            while (i-- > 0) {
                if (lw_ordnode_value(nodes[i]) == NULL) { /* was made just now */
                    lw_ordmap_remove(&m->map, key_octets(&keys[i]));
                }
            }
            return LW_ENOMEM;
        }
    }
    for (size_t i = 0; i < count; i++) {
        lw_ordnode_set(nodes[i], row);
    }
    return LW_OK;
}

static lw_err add_row(memory *m, lw_row *row)
{
    key keys[2];
    if (row->kind == LW_ROW_VALUE) {
        key_of_value(&keys[0], m->value_count);
        key_of_value_by_path(&keys[1], &row->as.value, m->value_count);
        m->value_count++;
        return add_keys(m, row, keys, 2);
    }
    key_of_row(&keys[0], row);
    lw_row *old = row_at(m, &keys[0]);
    size_t count = 1;
    if (row->kind == LW_ROW_REQUEST) {
        key_of_device_request(&keys[count++], &row->as.request);
        if (old != NULL && !lw_bytes_equal(old->as.request.endpoint, row->as.request.endpoint)) {
            forget(m, old);
            old = NULL;
        }
    }
    lw_err err = add_keys(m, row, keys, count);
    if (err == LW_OK) {
        free(old);
    }
    return err;
}

static void key_of_highest(key *k, lw_row_kind kind, uint8_t shard)
{
    key_begin(k, 'h');
    lw_write_u8(&k->w, (uint8_t)kind);
    lw_write_u8(&k->w, shard);
}

static lw_err note_highest(memory *m, lw_row_kind kind, uint64_t number)
{
    key k;
    key_of_highest(&k, kind, (uint8_t)(number >> 56));
    lw_ordnode *node = lw_ordmap_put(&m->map, key_octets(&k));
    if (node == NULL) {
        return LW_ENOMEM;
    }
    uint64_t *highest = lw_ordnode_value(node);
    if (highest == NULL) {
        highest = calloc(1, sizeof *highest);
        if (highest == NULL) {
            lw_ordmap_remove(&m->map, key_octets(&k));
            return LW_ENOMEM;
        }
        lw_ordnode_set(node, highest);
    }
    *highest = number > *highest ? number : *highest;
    return LW_OK;
}

static lw_err apply(memory *m, const lw_change *change)
{
    lw_err err = LW_OK;
    if (change->removal) {
        apply_removal(m, &change->row);
        return LW_OK;
    }
    if (change->row.kind == LW_ROW_DEVICE) {
        err = note_highest(m, LW_ROW_DEVICE, change->row.as.device.number);
    } else if (change->row.kind == LW_ROW_REQUEST) {
        err = note_highest(m, LW_ROW_REQUEST, change->row.as.request.id);
    }
    if (err != LW_OK) {
        return err;
    }
    lw_row *row = lw_row_dup(&change->row);
    err = row != NULL ? add_row(m, row) : LW_ENOMEM;
    if (err != LW_OK) {
        free(row);
    }
    return err;
}

static memory *memory_of(lw_store *store)
{
    return LW_CONTAINER(store, memory, store);
}

/* Tells what became durable: one thread at a time, so that tickets ascend. Called with the lock,
 * which is let go while the owner is told. */
static void tell(memory *m)
{
    if (m->telling) {
        return; /* that thread sees what became durable meanwhile */
    }
    m->telling = true;
    while (m->told < m->tickets.durable) {
        m->told = m->tickets.durable;
        lw_ticket ticket = lw_tickets_durable(&m->tickets);
        pthread_mutex_unlock(&m->lock);
        if (m->store.on_commit != NULL) {
            m->store.on_commit(m->store.ctx, ticket, LW_OK);
        }
        pthread_mutex_lock(&m->lock);
    }
    m->telling = false;
}

/* Called with the lock. The change stays the caller's unless it waits. */
static lw_err take_change(memory *m, lw_change *change, bool *out_waits)
{
    if (m->failed && change->urgent) {
        return LW_EIO;
    }
    if (change->octets > LW_STORE_WAITING_MAX - m->waiting.octets) {
        return LW_ENOMEM;
    }
    lw_err err = m->held ? LW_OK : apply(m, change);
    if (err != LW_OK) {
        return err;
    }
    change->ticket = lw_tickets_take(&m->tickets, change->urgent ? LW_URGENT : LW_LAZY);
    *out_waits = m->held;
    if (m->held) {
        lw_changes_add(&m->waiting, change);
        return LW_OK;
    }
    m->commits++;
    m->rows++;
    lw_tickets_settle(&m->tickets, change->ticket, LW_OK);
    return LW_OK;
}

static lw_err change_row(lw_store *store, const lw_row *row, bool removal, lw_haste haste,
                         lw_ticket *out_ticket)
{
    memory *m = memory_of(store);
    lw_change *change;
    lw_err err = lw_change_new(row, removal, haste, &change);
    if (err != LW_OK) {
        return err;
    }
    bool waits = false;
    pthread_mutex_lock(&m->lock);
    err = take_change(m, change, &waits);
    if (err == LW_OK) {
        if (out_ticket != NULL) {
            *out_ticket = change->ticket;
        }
        tell(m);
    }
    pthread_mutex_unlock(&m->lock);
    if (!waits) {
        free(change);
    }
    return err;
}

static lw_err memory_put(lw_store *store, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    return change_row(store, row, false, haste, out_ticket);
}

static lw_err memory_remove(lw_store *store, const lw_row *row, lw_haste haste,
                            lw_ticket *out_ticket)
{
    return change_row(store, row, true, haste, out_ticket);
}

static lw_err memory_wait(lw_store *store, lw_ticket ticket)
{
    memory *m = memory_of(store);
    pthread_mutex_lock(&m->lock);
    lw_err fate = lw_tickets_fate(&m->tickets, ticket);
    while (fate == LW_AGAIN) {
        pthread_cond_wait(&m->settled, &m->lock);
        fate = lw_tickets_fate(&m->tickets, ticket);
    }
    pthread_mutex_unlock(&m->lock);
    return fate;
}

void lw_store_memory_hold(lw_store *store)
{
    memory *m = memory_of(store);
    pthread_mutex_lock(&m->lock);
    m->held = true;
    pthread_mutex_unlock(&m->lock);
}

void lw_store_memory_commit(lw_store *store, lw_err result)
{
    memory *m = memory_of(store);
    pthread_mutex_lock(&m->lock);
    lw_ticket newest = lw_tickets_newest(&m->tickets);
    for (const lw_change *c = m->waiting.first; c != NULL && result == LW_OK; c = c->next) {
        result = apply(m, c);
    }
    m->failed = result != LW_OK;
    if (m->failed) {
        lw_changes_drop_urgent(&m->waiting);
    } else {
        m->commits++;
        m->rows += m->waiting.count;
        lw_changes_clear(&m->waiting);
    }
    lw_tickets_settle(&m->tickets, newest, result);
    m->told = m->tickets.durable;
    pthread_cond_broadcast(&m->settled);
    pthread_mutex_unlock(&m->lock);
    if (store->on_commit != NULL) {
        store->on_commit(store->ctx, newest, result);
    }
}

/* ---- Reading: a row is copied with the lock and given without ---- */

/* The next row whose key begins with `prefix` and is not before `from`, which moves on behind it.
 * LW_END: no more. */
static lw_err next_row(memory *m, const key *prefix, key *from, lw_row **out_row)
{
    pthread_mutex_lock(&m->lock);
    lw_ordnode *node = lw_ordmap_seek(&m->map, key_octets(from));
    bool is_there = node != NULL && key_begins(prefix, node);
    *out_row = NULL;
    if (is_there) {
        *out_row = lw_row_dup(lw_ordnode_value(node));
        lw_writer_init(&from->w, from->octets, sizeof from->octets);
        lw_write_bytes(&from->w, lw_ordnode_key(node));
        lw_write_u8(&from->w, 0); /* the smallest key behind this one */
    }
    pthread_mutex_unlock(&m->lock);
    if (!is_there) {
        return LW_END;
    }
    return *out_row != NULL ? LW_OK : LW_ENOMEM;
}

/* Gives at most `limit` rows below the prefix, from `from` on. */
static lw_err give_rows(memory *m, const key *prefix, key *from, uint64_t limit, lw_row_fn *fn,
                        void *ctx)
{
    bool goes_on = true;
    for (uint64_t i = 0; i < limit && goes_on; i++) {
        lw_row *row;
        lw_err err = next_row(m, prefix, from, &row);
        if (err != LW_OK) {
            return err == LW_END ? LW_OK : err;
        }
        goes_on = fn(ctx, row);
        free(row);
    }
    return LW_OK;
}

static void copy_key(key *out, const key *k)
{
    lw_writer_init(&out->w, out->octets, sizeof out->octets);
    lw_write_bytes(&out->w, key_octets(k));
}

static lw_err memory_each(lw_store *store, lw_row_kind kind, lw_row_fn *fn, void *ctx)
{
    key prefix, from;
    if (lw_row_kind_name(kind) == NULL) {
        return LW_EINVAL;
    }
    key_of_kind(&prefix, kind);
    copy_key(&from, &prefix);
    return give_rows(memory_of(store), &prefix, &from, UINT64_MAX, fn, ctx);
}

static lw_err memory_get(lw_store *store, const lw_row *wanted, lw_row_fn *fn, void *ctx)
{
    memory *m = memory_of(store);
    key k;
    lw_err err = lw_row_check(wanted, true);
    if (err != LW_OK) {
        return err;
    }
    key_of_row(&k, wanted);
    pthread_mutex_lock(&m->lock);
    const lw_row *found = row_at(m, &k);
    lw_row *copy = found != NULL ? lw_row_dup(found) : NULL;
    pthread_mutex_unlock(&m->lock);
    if (copy == NULL) {
        return found == NULL ? LW_ENOTFOUND : LW_ENOMEM;
    }
    (void)fn(ctx, copy);
    free(copy);
    return LW_OK;
}

static lw_err memory_requests(lw_store *store, lw_bytes endpoint, uint64_t before, uint32_t limit,
                              lw_row_fn *fn, void *ctx)
{
    key prefix, from;
    if (endpoint.len == 0 || endpoint.len > LW_ROW_KEY_MAX) {
        return LW_EINVAL;
    }
    key_begin(&prefix, 'R');
    key_text(&prefix, endpoint);
    copy_key(&from, &prefix);
    if (before > 0) {
        lw_write_u64(&from.w, ~(before - 1));
    }
    return give_rows(memory_of(store), &prefix, &from, limit, fn, ctx);
}

static lw_err memory_documents(lw_store *store, lw_row_kind kind, lw_bytes after, uint32_t limit,
                               lw_row_fn *fn, void *ctx)
{
    key prefix, from;
    if (!lw_row_kind_is_document(kind) || after.len > LW_ROW_KEY_MAX) {
        return LW_EINVAL;
    }
    key_of_kind(&prefix, kind);
    copy_key(&from, &prefix);
    if (after.len > 0) {
        key_text(&from, after);
        lw_write_u8(&from.w, 0); /* the smallest key behind it */
    }
    return give_rows(memory_of(store), &prefix, &from, limit, fn, ctx);
}

/* What a question for values has found so far. */
typedef struct found {
    lw_chart_point *points;
    size_t count, cap;
} found;

static lw_err found_add(found *f, const lw_chart_point *points, size_t count)
{
    if (f->cap - f->count < count) {
        size_t cap = f->cap * 2 + 64;
        lw_chart_point *more = realloc(f->points, cap * sizeof *more);
        if (more == NULL) {
            return LW_ENOMEM;
        }
        f->points = more;
        f->cap = cap;
    }
    for (size_t i = 0; i < count; i++) {
        f->points[f->count++] = points[i];
    }
    return LW_OK;
}

static int oldest_first(const void *a, const void *b)
{
    return lw_chart_compare(a, b);
}

static int newest_first(const void *a, const void *b)
{
    return lw_chart_compare(b, a);
}

/* All values of the question, by path and then oldest first. */
static lw_err find_values(const memory *m, const lw_values_query *query, found *out)
{
    key prefix;
    key_begin(&prefix, 'V');
    key_text(&prefix, query->endpoint);
    key_path(&prefix, query->path);
    for (lw_ordnode *n = first_of(m, &prefix); n != NULL && key_begins(&prefix, n);
         n = lw_ordnode_next(n)) {
        const lw_row *row = lw_ordnode_value(n);
        if (row->as.value.at < query->from || row->as.value.at >= query->to) {
            continue;
        }
        lw_reader number;
        lw_bytes whole = lw_ordnode_key(n);
        lw_reader_init(&number, lw_bytes_from(whole, whole.len - sizeof(uint64_t)));
        lw_chart_point point = {.value = row->as.value, .order = lw_read_u64(&number)};
        lw_err err = found_add(out, &point, 1);
        if (err != LW_OK) {
            return err;
        }
    }
    return LW_OK;
}

/* Puts the points of a chart in the place of all the values. */
static lw_err thin_out(const lw_values_query *query, found *all)
{
    found chosen = {0};
    lw_err err = LW_OK;
    for (size_t i = 0; i < all->count && err == LW_OK;) {
        lw_chart chart;
        lw_chart_point points[2];
        lw_path path = all->points[i].value.path;
        lw_chart_init(&chart, query);
        chart.backwards = false; /* sorted afterwards */
        for (; i < all->count && lw_path_equal(all->points[i].value.path, path) && err == LW_OK;
             i++) {
            const lw_chart_point *p = &all->points[i];
            err = found_add(&chosen, points, lw_chart_feed(&chart, &p->value, p->order, points));
        }
        if (err == LW_OK) {
            err = found_add(&chosen, points, lw_chart_end(&chart, points));
        }
    }
    free(all->points);
    *all = chosen;
    return err;
}

/* Copies of the rows to give, behind one another; *out_count of them. */
static lw_err copy_values(memory *m, const lw_values_query *query, lw_row ***out_rows,
                          size_t *out_count)
{
    found f = {0};
    lw_err err = find_values(m, query, &f);
    if (err == LW_OK && query->step > 0) {
        err = thin_out(query, &f);
    }
    if (err == LW_OK && f.count > 0) {
        qsort(f.points, f.count, sizeof f.points[0],
              query->newest_first ? newest_first : oldest_first);
        size_t wanted = f.count < query->limit ? f.count : query->limit;
        *out_rows = calloc(wanted + 1, sizeof(void *));
        err = *out_rows != NULL ? LW_OK : LW_ENOMEM;
        for (size_t i = 0; i < wanted && err == LW_OK; i++) {
            lw_row row = {.kind = LW_ROW_VALUE, .as.value = f.points[i].value};
            (*out_rows)[i] = lw_row_dup(&row);
            err = (*out_rows)[i] != NULL ? LW_OK : LW_ENOMEM;
            *out_count = i + 1;
        }
    }
    free(f.points);
    return err;
}

static lw_err memory_values(lw_store *store, const lw_values_query *query, lw_row_fn *fn, void *ctx)
{
    memory *m = memory_of(store);
    lw_row **rows = NULL;
    size_t count = 0;
    lw_err err = lw_values_query_check(query);
    if (err != LW_OK) {
        return err;
    }
    pthread_mutex_lock(&m->lock);
    err = copy_values(m, query, &rows, &count);
    pthread_mutex_unlock(&m->lock);
    bool goes_on = err == LW_OK;
    for (size_t i = 0; i < count; i++) {
        goes_on = goes_on && fn(ctx, rows[i]);
        free(rows[i]);
    }
    free(rows);
    return err;
}

static lw_err memory_highest(lw_store *store, lw_row_kind kind, uint8_t shard,
                             uint64_t *out_highest)
{
    memory *m = memory_of(store);
    key k;
    if (kind != LW_ROW_DEVICE && kind != LW_ROW_REQUEST) {
        return LW_EINVAL;
    }
    key_of_highest(&k, kind, shard);
    pthread_mutex_lock(&m->lock);
    lw_ordnode *node = lw_ordmap_find(&m->map, key_octets(&k));
    *out_highest = node != NULL ? *(const uint64_t *)lw_ordnode_value(node) : 0;
    pthread_mutex_unlock(&m->lock);
    return LW_OK;
}

static lw_store_health memory_health(lw_store *store)
{
    memory *m = memory_of(store);
    pthread_mutex_lock(&m->lock);
    lw_store_health health = {.err = m->failed ? LW_EIO : LW_OK,
                              .why = m->failed ? "a test let the commit fail" : "",
                              .waiting = m->waiting.count,
                              .commits = m->commits,
                              .rows = m->rows};
    pthread_mutex_unlock(&m->lock);
    return health;
}

static void memory_close(lw_store *store)
{
    memory *m = memory_of(store);
    /* A value or a request has two nodes: its row goes with the first of them. */
    for (lw_ordnode *n = lw_ordmap_seek(&m->map, lw_bytes_of(NULL, 0)); n != NULL;
         n = lw_ordnode_next(n)) {
        uint8_t letter = lw_ordnode_key(n).ptr[0];
        if (letter != 'R' && letter != 'V') {
            free(lw_ordnode_value(n));
        }
    }
    lw_ordmap_fini(&m->map);
    lw_changes_clear(&m->waiting);
    pthread_cond_destroy(&m->settled);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static const lw_store_ops memory_ops = {
    .put = memory_put,
    .remove = memory_remove,
    .wait = memory_wait,
    .each = memory_each,
    .documents = memory_documents,
    .get = memory_get,
    .requests = memory_requests,
    .values = memory_values,
    .highest = memory_highest,
    .health = memory_health,
    .close = memory_close,
};

lw_store *lw_store_memory_new(void)
{
    memory *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return NULL;
    }
    m->store.ops = &memory_ops;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->settled, NULL);
    lw_ordmap_init(&m->map);
    return &m->store;
}
