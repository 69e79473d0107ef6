#include "testing/mem_tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

typedef struct piece {
    lw_link link;
    size_t size;
    max_align_t octets[];
} piece;

static lw_mem_tap *open_tap;

/* The names that the linker gives them. */
void *__real_lw_mem_alloc(const lw_mem *mem, size_t size);
void __real_lw_mem_release(const lw_mem *mem, void *ptr);
void *__wrap_lw_mem_alloc(const lw_mem *mem, size_t size);
lw_err __wrap_lw_mem_dup(const lw_mem *mem, lw_bytes b, lw_bytes *out_copy);
void __wrap_lw_mem_release(const lw_mem *mem, void *ptr);

static bool is_inside(const lw_mem_tap *tap, const void *ptr)
{
    uintptr_t at = (uintptr_t)ptr, from = (uintptr_t)tap->block;
    return at >= from && at - from < tap->block_len;
}

void *__wrap_lw_mem_alloc(const lw_mem *mem, size_t size)
{
    lw_mem_tap *tap = open_tap;
    if (tap == NULL || !is_inside(tap, mem->ctx)) {
        return __real_lw_mem_alloc(mem, size);
    }
    tap->count++;
    bool is_full = tap->budget != 0 && tap->live_octets + size > tap->budget;
    piece *p = tap->count == tap->fail_at || is_full ? NULL : calloc(1, sizeof *p + size);
    if (p == NULL) {
        return NULL;
    }
    p->size = size;
    lw_list_add_last(&tap->pieces, &p->link);
    tap->live++;
    tap->live_octets += size;
    return p->octets;
}

lw_err __wrap_lw_mem_dup(const lw_mem *mem, lw_bytes b, lw_bytes *out_copy)
{
    uint8_t *copy = b.len > 0 ? __wrap_lw_mem_alloc(mem, b.len) : NULL;
    *out_copy = lw_bytes_of(copy, copy != NULL ? b.len : 0);
    if (copy != NULL) {
        memcpy(copy, b.ptr, b.len);
    }
    return copy != NULL || b.len == 0 ? LW_OK : LW_ENOMEM;
}

static void drop(lw_mem_tap *tap, piece *p)
{
    lw_list_remove(&p->link);
    tap->live--;
    tap->live_octets -= p->size;
    free(p);
}

void __wrap_lw_mem_release(const lw_mem *mem, void *ptr)
{
    lw_mem_tap *tap = open_tap;
    if (tap == NULL || ptr == NULL || !is_inside(tap, mem->ctx) || is_inside(tap, ptr)) {
        __real_lw_mem_release(mem, ptr);
    } else {
        drop(tap, (piece *)(void *)((char *)ptr - offsetof(piece, octets)));
    }
}

void lw_mem_tap_open(lw_mem_tap *tap, const void *block, size_t len)
{
    tap->block = block;
    tap->block_len = len;
    tap->live = tap->live_octets = 0;
    lw_list_init(&tap->pieces);
    open_tap = tap;
}

void lw_mem_tap_close(lw_mem_tap *tap)
{
    if (tap != open_tap) {
        return;
    }
    for (lw_link *l = tap->pieces.next, *next; l != &tap->pieces; l = next) {
        next = l->next;
        free(LW_CONTAINER(l, piece, link));
    }
    open_tap = NULL;
}
