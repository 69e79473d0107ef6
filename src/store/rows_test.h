/* Rows for tests of the stores: samples with every field set, comparison, and a basket that gathers
 * what a store gives.
 */
#ifndef LW_STORE_ROWS_TEST_H
#define LW_STORE_ROWS_TEST_H

#include "testing/lw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/row.h"

#define BYTES(s) lw_bytes_of((s), sizeof(s) - 1)

/* ---- Samples ---- */

static inline lw_row device_row(const char *endpoint, uint64_t number)
{
    lw_addr peer = {.ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}, .scope = 3, .port = 56830};
    lw_addr local = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 1}, .port = 5683};
    return (lw_row){.kind = LW_ROW_DEVICE,
                    .as.device = {.endpoint = lw_bytes_str(endpoint),
                                  .number = number,
                                  .created_at = 1700000000123,
                                  .seen_at = 1700000100456,
                                  .is_registered = true,
                                  .location = BYTES("5a3f"),
                                  .hop = {.peer = peer, .local = local, .socket = 2},
                                  .version = 2,
                                  .bindings = 5,
                                  .queue_mode = true,
                                  .lifetime = UINT32_MAX,
                                  .registered_at = 1700000000789,
                                  .updated_at = 1700000100000,
                                  .expires_at = LW_TIME_NEVER,
                                  .sms = BYTES("+491701234567"),
                                  .profiles = BYTES("a,b"),
                                  .links = BYTES("</>;rt=\"oma.lwm2m\",</1/0>,</3/0>"),
                                  .unknown = BYTES("x=1&y=\xc3\xa9")}};
}

static inline lw_row wish_row(const char *endpoint, const char *target)
{
    return (lw_row){.kind = LW_ROW_WISH,
                    .as.wish = {.endpoint = lw_bytes_str(endpoint),
                                .target = lw_bytes_str(target),
                                .composite = true,
                                .attributes = BYTES("pmin=5&pmax=60"),
                                .format = 65535,
                                .created_at = -1}};
}

static inline lw_row request_row(uint64_t id, const char *endpoint)
{
    return (lw_row){.kind = LW_ROW_REQUEST,
                    .as.request = {.id = id,
                                   .endpoint = lw_bytes_str(endpoint),
                                   .op = 7,
                                   .path = BYTES("/3/0/9"),
                                   .body = BYTES("\x81\xa1\x00\xff\x00"),
                                   .arguments = BYTES("0='a',1"),
                                   .format = 112,
                                   .depth = 3,
                                   .force = true,
                                   .timeout_ms = 93000,
                                   .created_at = 1700000000001,
                                   .expires_at = LW_TIME_NEVER,
                                   .state = LW_REQUEST_FAILED,
                                   .code = 0x45,
                                   .err = -15, /* LW_ETIMEOUT */
                                   .answer_format = 11543,
                                   .answer = BYTES("\x00\x01\x02"),
                                   .ended_at = 1700000002000}};
}

static inline lw_row value_row(const char *endpoint, lw_path path, lw_time at, lw_value value)
{
    return (lw_row){.kind = LW_ROW_VALUE,
                    .as.value = {.endpoint = lw_bytes_str(endpoint),
                                 .path = path,
                                 .at = at,
                                 .received_at = at ^ 17,
                                 .source = LW_VALUE_SENT,
                                 .value = value}};
}

static inline lw_row document_row(lw_row_kind kind, const char *key, const char *text)
{
    return (lw_row){.kind = (uint8_t)kind,
                    .as.document = {.key = lw_bytes_str(key), .text = lw_bytes_str(text)}};
}

/* ---- Comparison ---- */

static inline void assert_same_slice(lw_bytes a, lw_bytes b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0) {
        assert_memory_equal(a.ptr, b.ptr, a.len);
    }
}

static inline void assert_same_addr(const lw_addr *a, const lw_addr *b)
{
    assert_memory_equal(a->ip, b->ip, sizeof a->ip);
    assert_int_equal(a->scope, b->scope);
    assert_int_equal(a->port, b->port);
}

static inline void assert_same_device(const lw_row_device *a, const lw_row_device *b)
{
    assert_true(a->number == b->number);
    assert_true(a->created_at == b->created_at);
    assert_true(a->seen_at == b->seen_at);
    assert_int_equal(a->is_registered, b->is_registered);
    assert_same_addr(&a->hop.peer, &b->hop.peer);
    assert_same_addr(&a->hop.local, &b->hop.local);
    assert_int_equal(a->hop.socket, b->hop.socket);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->bindings, b->bindings);
    assert_int_equal(a->queue_mode, b->queue_mode);
    assert_int_equal(a->lifetime, b->lifetime);
    assert_true(a->registered_at == b->registered_at);
    assert_true(a->updated_at == b->updated_at);
    assert_true(a->expires_at == b->expires_at);
}

static inline void assert_same_wish(const lw_row_wish *a, const lw_row_wish *b)
{
    assert_int_equal(a->composite, b->composite);
    assert_int_equal(a->format, b->format);
    assert_true(a->created_at == b->created_at);
}

static inline void assert_same_request(const lw_row_request *a, const lw_row_request *b)
{
    assert_true(a->id == b->id);
    assert_int_equal(a->op, b->op);
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->depth, b->depth);
    assert_int_equal(a->force, b->force);
    assert_int_equal(a->timeout_ms, b->timeout_ms);
    assert_true(a->created_at == b->created_at);
    assert_true(a->expires_at == b->expires_at);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->err, b->err);
    assert_int_equal(a->answer_format, b->answer_format);
    assert_true(a->ended_at == b->ended_at);
}

static inline void assert_same_value(const lw_row_value *a, const lw_row_value *b)
{
    assert_true(lw_path_equal(a->path, b->path));
    assert_true(a->at == b->at);
    assert_true(a->received_at == b->received_at);
    assert_int_equal(a->source, b->source);
    assert_true(lw_value_equal(a->value, b->value));
    assert_int_equal(a->value.single, b->value.single);
}

/* Every field, and every octet. */
static inline void assert_same_row(const lw_row *a, const lw_row *b)
{
    lw_row left = *a, right = *b;
    lw_bytes *left_slices[LW_ROW_SLICES_MAX], *right_slices[LW_ROW_SLICES_MAX];
    assert_int_equal(a->kind, b->kind);
    size_t count = lw_row_slices(&left, left_slices);
    assert_int_equal(lw_row_slices(&right, right_slices), count);
    for (size_t i = 0; i < count; i++) {
        assert_same_slice(*left_slices[i], *right_slices[i]);
    }
    switch (a->kind) {
    case LW_ROW_DEVICE:
        assert_same_device(&a->as.device, &b->as.device);
        break;
    case LW_ROW_WISH:
        assert_same_wish(&a->as.wish, &b->as.wish);
        break;
    case LW_ROW_REQUEST:
        assert_same_request(&a->as.request, &b->as.request);
        break;
    case LW_ROW_VALUE:
        assert_same_value(&a->as.value, &b->as.value);
        break;
    default:
        break; /* a document is its two texts */
    }
}

/* ---- The basket ---- */

typedef struct basket {
    lw_row **rows;
    size_t count, cap;
    size_t stop_at; /* says "no more" with this one; 0: takes all */
} basket;

static inline bool basket_take(void *ctx, const lw_row *row)
{
    basket *b = ctx;
    if (b->count == b->cap) {
        b->cap = b->cap * 2 + 16;
        b->rows = realloc(b->rows, b->cap * sizeof(lw_row *));
        assert_non_null(b->rows);
    }
    b->rows[b->count] = lw_row_dup(row);
    assert_non_null(b->rows[b->count]);
    b->count++;
    return b->count != b->stop_at;
}

static inline void basket_empty(basket *b)
{
    for (size_t i = 0; i < b->count; i++) {
        free(b->rows[i]);
    }
    free(b->rows);
    *b = (basket){0};
}

#endif
