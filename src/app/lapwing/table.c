#include "app/lapwing/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2

static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};

void table_init(table *t, const char *const *heads)
{
    *t = (table){.heads = heads};
    while (heads[t->columns] != NULL) {
        t->columns++;
    }
}

void table_fini(table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->cells[i].text);
    }
    free(t->cells);
    *t = (table){0};
}

void table_add_color(table *t, const char *text, paint color)
{
    if (t->count == t->room) {
        t->room = t->room == 0 ? 64 : 2 * t->room;
        t->cells = realloc(t->cells, t->room * sizeof *t->cells);
    }
    char *copy = strdup(text != NULL ? text : "");
    if (t->cells == NULL || copy == NULL) {
        fputs("lapwing: out of memory\n", stderr);
        exit(1);
    }
    t->cells[t->count++] = (cell){copy, color};
}

void table_add(table *t, const char *text)
{
    table_add_color(t, text, PLAIN);
}

void table_addf(table *t, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table_add(t, text);
}

/* Code points; wider scripts come out a little narrow. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

void print_text(FILE *out, const char *text, paint color, bool colors)
{
    bool is_colored = colors && color != PLAIN;
    if (is_colored) {
        fputs(codes[color], out);
    }
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        putc(c < 0x20 || c == 0x7f ? '?' : c, out);
    }
    if (is_colored) {
        fputs("\033[0m", out);
    }
}

/* Lines have no blanks at their end: what only empty cells follow is not padded. */
static void print_row(const table *t, const cell *cells, const size_t *widths, FILE *out,
                      bool colors)
{
    size_t last = t->columns > 0 ? t->columns - 1 : 0;
    while (last > 0 && cells[last].text[0] == '\0') {
        last--;
    }
    for (size_t i = 0; i <= last; i++) {
        print_text(out, cells[i].text, cells[i].color, colors);
        if (i < last) {
            fprintf(out, "%*s", (int)(widths[i] - width_of(cells[i].text) + GAP), "");
        }
    }
    putc('\n', out);
}

void table_print(const table *t, FILE *out, bool colors)
{
    size_t widths[TABLE_COLUMNS_MAX];
    cell heads[TABLE_COLUMNS_MAX] = {{(char *)"", PLAIN}};
    for (size_t i = 0; i < t->columns; i++) {
        heads[i] = (cell){(char *)t->heads[i], BOLD};
        widths[i] = width_of(t->heads[i]);
        for (size_t k = i; k < t->count; k += t->columns) {
            size_t width = width_of(t->cells[k].text);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    print_row(t, heads, widths, out, colors);
    for (size_t i = 0; t->cells != NULL && i + t->columns <= t->count; i += t->columns) {
        print_row(t, t->cells + i, widths, out, colors);
    }
}
