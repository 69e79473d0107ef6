/* A table on the terminal: cells are collected, then printed with columns as wide as they need. A
 * cell that is wanted in colour is so only where colours are shown. */
#ifndef LW_APP_LAPWING_TABLE_H
#define LW_APP_LAPWING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum paint { PLAIN, BOLD, DIM, RED, GREEN, YELLOW } paint;

#define TABLE_COLUMNS_MAX 10

typedef struct cell {
    char *text; /* owned */
    paint color;
} cell;

typedef struct table {
    const char *const *heads;
    size_t columns;
    cell *cells; /* columns a row */
    size_t count, room;
} table;

/* heads: column names, NULL at the end; borrowed. */
void table_init(table *t, const char *const *heads);
void table_fini(table *t);

/* The next cell, row by row. NULL is an empty one. */
void table_add(table *t, const char *text);
void table_add_color(table *t, const char *text, paint color);
__attribute__((format(printf, 2, 3))) void table_addf(table *t, const char *format, ...);

/* Control characters come out as "?": what a device said does not reach the terminal's own ear. */
void table_print(const table *t, FILE *out, bool colors);

/* Text of one line, with the same care. */
void print_text(FILE *out, const char *text, paint color, bool colors);

#endif
