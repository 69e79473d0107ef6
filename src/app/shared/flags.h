/* The command line of a program, read by a table of its flags; the same table prints --help.
 *
 *   flags f = {.program = "lapwing-x", .usage = "-u URI [options]", .rows = rows, .count = N,
 *              .argc = argc, .argv = argv};
 *   while ((step = flags_next(&f)) == FLAGS_FLAG || step == FLAGS_WORD) { … f.row, f.value … }
 *
 * Understood are -l VALUE, -lVALUE, -ab, --name VALUE, --name=VALUE; what follows "--" are words,
 * and so are "-" and negative numbers. Flags and words may be mixed.
 */
#ifndef LW_APP_SHARED_FLAGS_H
#define LW_APP_SHARED_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct flag {
    const char *name;  /* --name; NULL: it has a letter alone, or the row is a heading */
    char letter;       /* 0: none */
    const char *value; /* what its value is called; NULL: it has none; "[=X]": it may have one */
    const char *help;
    int id; /* the caller's */
} flag;

typedef enum flags_step {
    FLAGS_FLAG, /* row, and value: NULL when it has none */
    FLAGS_WORD, /* value */
    FLAGS_END,
    FLAGS_WRONG /* told on stderr: exit status 2 */
} flags_step;

typedef struct flags {
    const char *program;
    const char *usage; /* behind "usage: PROGRAM ", and lines that say what it is */
    const flag *rows;
    size_t count;
    int argc;
    char **argv;

    const flag *row; /* of this step */
    const char *value;
    int at;              /* arguments that were taken: 0 to begin with */
    const char *cluster; /* letters left of an argument such as -ab */
    bool only_words;     /* after "--" */
} flags;

flags_step flags_next(flags *f);

/* Usage, and one line a flag; or the second part alone. */
void flags_help(const flags *f, FILE *out);
void flags_list(const flags *f, FILE *out);

/* "PROGRAM: …" and where help is, on stderr. Returns false. */
__attribute__((format(printf, 2, 3))) bool complain(const char *program, const char *format, ...);

#endif
