/* A store of a few documents, for tests of what keeps them: it fails when a test says so.
 */
#ifndef LW_API_DOCUMENTS_RIG_TEST_H
#define LW_API_DOCUMENTS_RIG_TEST_H

#include "testing/lw_test.h"

#include <stdio.h>
#include <string.h>

#include "lw/ports.h"

#define RIG_DOCUMENTS_MAX 8

typedef struct rig_document {
    uint8_t kind; /* LW_ROW_KIND_COUNT: gone */
    char key[128], text[512];
} rig_document;

static struct {
    lw_store store;
    lw_err put_err, wait_err, each_err; /* what comes next */
    rig_document documents[RIG_DOCUMENTS_MAX];
    size_t count;
} rig;

static inline rig_document *rig_find(uint8_t kind, lw_bytes key)
{
    for (size_t i = 0; i < rig.count; i++) {
        if (rig.documents[i].kind == kind && lw_bytes_is(key, rig.documents[i].key)) {
            return &rig.documents[i];
        }
    }
    return NULL;
}

static inline void rig_set(lw_row_kind kind, lw_bytes key, lw_bytes text)
{
    rig_document *d = rig_find((uint8_t)kind, key);
    if (d == NULL) {
        assert_true(rig.count < RIG_DOCUMENTS_MAX);
        d = &rig.documents[rig.count++];
    }
    d->kind = (uint8_t)kind;
    snprintf(d->key, sizeof d->key, "%.*s", (int)key.len, (const char *)key.ptr);
    snprintf(d->text, sizeof d->text, "%.*s", (int)text.len, (const char *)text.ptr);
}

static inline lw_err rig_put(lw_store *s, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    (void)s;
    assert_int_equal(haste, LW_URGENT);
    if (rig.put_err == LW_OK && rig.wait_err == LW_OK) {
        rig_set((lw_row_kind)row->kind, row->as.document.key, row->as.document.text);
    }
    *out_ticket = 1;
    return rig.put_err;
}

static inline lw_err rig_remove(lw_store *s, const lw_row *key, lw_haste haste,
                                lw_ticket *out_ticket)
{
    (void)s;
    rig_document *d = rig_find(key->kind, key->as.document.key);
    assert_int_equal(haste, LW_URGENT);
    if (d != NULL && rig.put_err == LW_OK && rig.wait_err == LW_OK) {
        d->kind = LW_ROW_KIND_COUNT;
    }
    *out_ticket = 1;
    return rig.put_err;
}

static inline lw_err rig_wait(lw_store *s, lw_ticket ticket)
{
    (void)s, (void)ticket;
    return rig.wait_err;
}

static inline lw_row rig_row(const rig_document *d)
{
    return (lw_row){.kind = d->kind,
                    .as.document = {.key = lw_bytes_str(d->key), .text = lw_bytes_str(d->text)}};
}

static inline lw_err rig_each(lw_store *s, lw_row_kind kind, lw_row_fn *fn, void *ctx)
{
    (void)s;
    for (size_t i = 0; i < rig.count; i++) {
        lw_row row = rig_row(&rig.documents[i]);
        if (row.kind == kind && !fn(ctx, &row)) {
            break;
        }
    }
    return rig.each_err;
}

static inline int rig_begin(void **state)
{
    static const lw_store_ops ops = {
        .put = rig_put, .remove = rig_remove, .wait = rig_wait, .each = rig_each};
    (void)state;
    memset(&rig, 0, sizeof rig);
    rig.store.ops = &ops;
    return 0;
}

static inline void rig_keep(lw_row_kind kind, const char *key, const char *text)
{
    rig_set(kind, lw_bytes_str(key), lw_bytes_str(text));
}

#endif
