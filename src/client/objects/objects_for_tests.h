/* Objects on a bare tree, with an engine that only writes down what hooks ask of it. Defines all of
 * lw/acts.h, so that the real ones are not linked. */
#ifndef LW_OBJECTS_FOR_TESTS_H
#define LW_OBJECTS_FOR_TESTS_H

#include "testing/lw_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "lw/acts.h"
#include "lw/objects.h"
#include "model/tree.h"

typedef struct bench {
    lw_pool *pool;
    lw_mem mem;
    lw_tree tree;
    lw_time now;
    int64_t wall;
    lw_err verdict;  /* of the acts */
    char asked[128]; /* "disable 0; update 1 T; " */
    char told[512];  /* "=/3/0/13 +/5/0 -/5/0 " */
    lw_act act;      /* lw_act_when_answered */
    lw_path act_path;
    bool keeps; /* the platform stores */
    bool fails; /* and cannot */
    bool has_record;
    char record_name[16];
    uint8_t record[512];
    size_t record_len;
    unsigned stores;
    uint8_t block[32768];
} bench;

#define ASK(ctx, ...)                                                                        \
    do {                                                                                     \
        size_t ask_len = strlen(((bench *)(ctx))->asked);                                    \
        snprintf(((bench *)(ctx))->asked + ask_len, sizeof((bench *)(ctx))->asked - ask_len, \
                 __VA_ARGS__);                                                               \
        return ((bench *)(ctx))->verdict;                                                    \
    } while (0)

lw_err lw_act_disable(void *ctx, uint16_t server)
{
    ASK(ctx, "disable %u; ", server);
}

lw_err lw_act_update(void *ctx, uint16_t server, char binding)
{
    ASK(ctx, "update %u %c; ", server, binding != 0 ? binding : '-');
}

lw_err lw_act_bootstrap(void *ctx)
{
    ASK(ctx, "bootstrap; ");
}

lw_err lw_act_reboot(void *ctx)
{
    ASK(ctx, "reboot; ");
}

lw_err lw_act_factory_reset(void *ctx)
{
    ASK(ctx, "factory reset; ");
}

lw_err lw_act_when_answered(void *ctx, lw_act act, lw_path path)
{
    bench *b = ctx;
    if (b->act != NULL) {
        return LW_ENOMEM;
    }
    b->act = act;
    b->act_path = path;
    return LW_OK;
}

lw_time lw_act_now(void *ctx)
{
    return ((bench *)ctx)->now;
}

int64_t lw_act_wall_clock(void *ctx)
{
    bench *b = ctx;
    return b->wall < 0 ? b->wall : b->wall + b->now / LW_SECOND_MS;
}

void lw_act_set_wall_clock(void *ctx, int64_t seconds)
{
    bench *b = ctx;
    b->wall = seconds - b->now / LW_SECOND_MS;
}

lw_err lw_act_store(void *ctx, const char *name, lw_bytes record)
{
    bench *b = ctx;
    if (!b->keeps) {
        return LW_ENOTSUP;
    }
    b->stores++;
    if (b->fails) {
        return LW_EIO;
    }
    assert_true(record.len <= sizeof b->record && strlen(name) < sizeof b->record_name);
    memcpy(b->record_name, name, strlen(name) + 1);
    if (record.len > 0) {
        memcpy(b->record, record.ptr, record.len);
    }
    b->record_len = record.len;
    b->has_record = record.len > 0;
    return LW_OK;
}

lw_err lw_act_load(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    bench *b = ctx;
    if (!b->keeps) {
        return LW_ENOTSUP;
    }
    if (!b->has_record || strcmp(name, b->record_name) != 0) {
        return LW_ENOTFOUND;
    }
    *out_len = b->record_len;
    memcpy(out, b->record, b->record_len < cap ? b->record_len : cap);
    return LW_OK;
}

static void bench_note(void *ctx, lw_tree_change change, lw_path path)
{
    bench *b = ctx;
    size_t len = strlen(b->told);
    assert_true(len + LW_PATH_TEXT_MAX + 3 < sizeof b->told);
    b->told[len++] = "=+-"[change];
    len += lw_path_format(path, b->told + len);
    b->told[len++] = ' ';
    b->told[len] = '\0';
}

/* Objects on a tree; instances are the test's. */
static inline bench *bench_new(const lw_object *const *objects)
{
    bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->pool = lw_pool_init(b->block, sizeof b->block);
    b->mem = b->pool->mem;
    assert_ok(lw_tree_init(&b->tree, objects, &b->mem, b));
    b->tree.on_change = bench_note;
    return b;
}

static inline void bench_free(bench *b)
{
    lw_tree_fini(&b->tree);
    assert_int_equal(b->pool->used, 0);
    free(b);
}

static inline void bench_add(bench *b, uint16_t object, uint16_t instance)
{
    lw_path path;
    assert_ok(lw_tree_add(&b->tree, object, instance, &path));
}

static inline lw_path at(const char *text)
{
    lw_path path;
    assert_ok(lw_path_parse(lw_bytes_str(text), &path));
    return path;
}

/* What the engine does with a Write: a transaction around it. */
static inline lw_err bench_write(bench *b, const char *path, lw_value value)
{
    assert_ok(lw_tree_begin(&b->tree));
    lw_err err = lw_tree_set(&b->tree, at(path), value);
    if (err == LW_OK) {
        err = lw_tree_commit(&b->tree);
    }
    if (err != LW_OK) {
        lw_tree_rollback(&b->tree);
    }
    return err;
}

static inline lw_err bench_execute(bench *b, const char *path, const char *arguments)
{
    lw_path where = at(path);
    const lw_object *object = lw_tree_object(&b->tree, where);
    return object->hooks->execute(b, &b->tree, where, lw_bytes_str(arguments));
}

/* The answer was delivered: what waited for it happens. */
static inline void bench_answered(bench *b)
{
    lw_act act = b->act;
    b->act = NULL;
    if (act != NULL) {
        act(b, &b->tree, b->act_path);
    }
}

/* Values as text, so that a test reads like the table it comes from. */
static inline const char *bench_text(bench *b, const char *path)
{
    static char text[300];
    lw_value v;
    lw_err err = lw_tree_get(&b->tree, at(path), &v);
    if (err != LW_OK) {
        return lw_err_name(err);
    }
    switch (v.type) {
    case LW_TYPE_BOOLEAN:
        return v.as.boolean ? "true" : "false";
    case LW_TYPE_FLOAT:
        snprintf(text, sizeof text, "%g", v.as.number);
        break;
    case LW_TYPE_UNSIGNED:
        snprintf(text, sizeof text, "%llu", (unsigned long long)v.as.uns);
        break;
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        snprintf(text, sizeof text, "%lld", (long long)v.as.integer);
        break;
    case LW_TYPE_OBJLNK:
        snprintf(text, sizeof text, "%u:%u", v.as.link.object, v.as.link.instance);
        break;
    default:
        snprintf(text, sizeof text, "%.*s", (int)v.as.bytes.len, (const char *)v.as.bytes.ptr);
        break;
    }
    return text;
}

#define expect_at(b, path, text) assert_string_equal(bench_text((b), (path)), (text))
#define expect_asked(b, text)                    \
    do {                                         \
        assert_string_equal((b)->asked, (text)); \
        (b)->asked[0] = '\0';                    \
    } while (0)
#define expect_told(b, text)                    \
    do {                                        \
        assert_string_equal((b)->told, (text)); \
        (b)->told[0] = '\0';                    \
    } while (0)

#endif
