#include "ddf/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/heap.h"

lw_ddf_result *lw_ddf_result_new(const lw_mem *mem, const char *name)
{
    lw_arena arena;
    lw_mem copy = mem != NULL ? *mem : lw_heap;
    lw_arena_init(&arena, &copy);
    lw_ddf_result *r = lw_arena_alloc(&arena, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->mem = copy;
    r->arena = arena;
    r->arena.mem = &r->mem;
    r->ddf.messages = r->messages;
    r->ddf.name = lw_ddf_keep(r, lw_bytes_str(name));
    if (r->out_of_memory) {
        lw_ddf_free(&r->ddf);
        return NULL;
    }
    return r;
}

void lw_ddf_free(lw_ddf *ddf)
{
    if (ddf == NULL) {
        return;
    }
    /* The result lies in its own arena: what is needed to end it is copied out first. */
    lw_ddf_result *r = (lw_ddf_result *)ddf;
    lw_mem mem = r->mem;
    lw_arena arena = r->arena;
    arena.mem = &mem;
    lw_arena_fini(&arena);
}

void *lw_ddf_take(lw_ddf_result *r, size_t size)
{
    void *piece = lw_arena_alloc(&r->arena, size);
    r->out_of_memory = r->out_of_memory || piece == NULL;
    return piece;
}

const char *lw_ddf_keep(lw_ddf_result *r, lw_bytes text)
{
    const char *copy = lw_arena_text(&r->arena, text);
    r->out_of_memory = r->out_of_memory || copy == NULL;
    return copy;
}

/* The slot of the next message. When all are used the first error takes the last one: a refused
 * file must say why. */
static lw_ddf_message *next_message(lw_ddf_result *r, lw_ddf_severity severity)
{
    if (r->ddf.message_count < LW_DDF_MAX_MESSAGES) {
        return &r->messages[r->ddf.message_count++];
    }
    bool first_error = severity == LW_DDF_ERROR && !r->refused;
    return first_error ? &r->messages[LW_DDF_MAX_MESSAGES - 1] : NULL;
}

void lw_ddf_say(lw_ddf_result *r, lw_ddf_severity severity, lw_ddf_place at, const char *format,
                ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    /* clang-tidy 14 loses sight of va_start when it checks several files in one run. */
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lw_ddf_message *message = next_message(r, severity);
    r->refused = r->refused || severity == LW_DDF_ERROR;
    if (message == NULL) {
        return;
    }
    message->severity = severity;
    message->line = at.line;
    message->column = at.column;
    message->text = lw_ddf_keep(r, lw_bytes_str(text));
}

static bool stands_before(const lw_ddf_message *a, const lw_ddf_message *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void lw_ddf_sort_messages(lw_ddf_result *r)
{
    lw_ddf_message *m = r->messages;
    for (size_t i = 1; i < r->ddf.message_count; i++) {
        lw_ddf_message moved = m[i];
        size_t at = i;
        while (at > 0 && stands_before(&moved, &m[at - 1])) {
            m[at] = m[at - 1];
            at--;
        }
        m[at] = moved;
    }
}

size_t lw_ddf_shown(const char *text)
{
    size_t len = strlen(text);
    if (len <= LW_DDF_QUOTED) {
        return len;
    }
    len = LW_DDF_QUOTED;
    while (len > 0 && ((uint8_t)text[len] & 0xC0) == 0x80) {
        len--;
    }
    return len;
}

lw_ddf_quoted lw_ddf_quote(const char *text)
{
    lw_ddf_quoted q;
    size_t len = lw_ddf_shown(text);
    (void)snprintf(q.text, sizeof q.text, "\"%.*s%s\"", (int)len, text,
                   text[len] != '\0' ? "..." : "");
    return q;
}

size_t lw_ddf_message_format(const lw_ddf *ddf, const lw_ddf_message *message, char *out,
                             size_t size)
{
    static const char *const names[] = {"note", "warning", "error"};
    char at[32] = "";
    if (message->line > 0) {
        (void)snprintf(at, sizeof at, ":%u:%u", message->line, message->column);
    }
    int len =
        snprintf(out, size, "%s%s: %s: %s", ddf->name, at, names[message->severity], message->text);
    return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}
