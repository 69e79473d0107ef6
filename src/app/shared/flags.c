#include "app/shared/flags.h"

#include <stdarg.h>
#include <string.h>

#define HELP_COLUMN 25

bool complain(const char *program, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry '%s --help'.\n", program);
    va_end(args);
    return false;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static bool is_heading(const flag *row)
{
    return row->name == NULL && row->letter == 0;
}

static bool has_optional_value(const flag *row)
{
    return row->value != NULL && row->value[0] == '[';
}

static const flag *find_name(const flags *f, const char *name, size_t len)
{
    for (size_t i = 0; i < f->count; i++) {
        const char *known = f->rows[i].name;
        if (known != NULL && strlen(known) == len && strncmp(known, name, len) == 0) {
            return &f->rows[i];
        }
    }
    return NULL;
}

static const flag *find_letter(const flags *f, char letter)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->rows[i].letter != 0 && f->rows[i].letter == letter) {
            return &f->rows[i];
        }
    }
    return NULL;
}

static flags_step wrong(const flags *f, const char *what, int len, const char *why)
{
    complain(f->program, "%.*s%s", len, what, why);
    return FLAGS_WRONG;
}

/* The value stands in the next argument. */
static flags_step take_next(flags *f, const char *what, int len)
{
    if (f->at + 1 >= f->argc) {
        return wrong(f, what, len, " needs a value");
    }
    f->value = f->argv[++f->at];
    return FLAGS_FLAG;
}

static flags_step next_letter(flags *f)
{
    char shown[3] = {'-', f->cluster[0], '\0'};
    f->row = find_letter(f, f->cluster[0]);
    if (f->row == NULL) {
        return wrong(f, shown, 2, ": no such option");
    }
    const char *rest = f->cluster + 1;
    f->cluster = NULL;
    if (f->row->value == NULL) {
        f->cluster = *rest != '\0' ? rest : NULL;
        return FLAGS_FLAG;
    }
    if (*rest != '\0') {
        f->value = rest;
        return FLAGS_FLAG;
    }
    return has_optional_value(f->row) ? FLAGS_FLAG : take_next(f, shown, 2);
}

static flags_step next_name(flags *f, const char *arg)
{
    const char *equals = strchr(arg, '=');
    size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
    f->row = find_name(f, arg + 2, len - 2);
    if (f->row == NULL) {
        return wrong(f, arg, (int)len, ": no such option");
    }
    if (equals != NULL) {
        f->value = equals + 1;
        return f->row->value != NULL ? FLAGS_FLAG : wrong(f, arg, (int)len, " takes no value");
    }
    bool needs_value = f->row->value != NULL && !has_optional_value(f->row);
    return needs_value ? take_next(f, arg, (int)len) : FLAGS_FLAG;
}

static bool is_word(const char *arg)
{
    return arg[0] != '-' || arg[1] == '\0' || arg[1] == '.' || (arg[1] >= '0' && arg[1] <= '9');
}

flags_step flags_next(flags *f)
{
    f->row = NULL;
    f->value = NULL;
    if (f->cluster != NULL) {
        return next_letter(f);
    }
    if (++f->at >= f->argc) {
        return FLAGS_END;
    }
    if (!f->only_words && strcmp(f->argv[f->at], "--") == 0) {
        f->only_words = true;
        f->at++;
    }
    if (f->at >= f->argc) {
        return FLAGS_END;
    }
    const char *arg = f->argv[f->at];
    if (f->only_words || is_word(arg)) {
        f->value = arg;
        return FLAGS_WORD;
    }
    if (arg[1] == '-') {
        return next_name(f, arg);
    }
    f->cluster = arg + 1;
    return next_letter(f);
}

/* ---- Help -------------------------------------------------------------------------------------
 */

static void print_row(const flag *row, FILE *out)
{
    char left[128];
    const char *name = row->name != NULL ? row->name : "";
    const char *value = row->value != NULL ? row->value : "";
    const char *space = row->value != NULL && !has_optional_value(row) ? " " : "";
    if (row->letter == 0) {
        snprintf(left, sizeof left, "      --%s%s%s", name, space, value);
    } else {
        snprintf(left, sizeof left, "  -%c%s%s%s%s", row->letter, row->name != NULL ? ", --" : "",
                 name, space, value);
    }
    size_t len = strlen(left);
    fputs(left, out);
    if (len < HELP_COLUMN) {
        fprintf(out, "%*s%s\n", (int)(HELP_COLUMN - len), "", row->help);
    } else {
        fprintf(out, "  %s\n", row->help);
    }
}

void flags_help(const flags *f, FILE *out)
{
    fprintf(out, "usage: %s %s", f->program, f->usage);
    flags_list(f, out);
}

void flags_list(const flags *f, FILE *out)
{
    for (size_t i = 0; i < f->count; i++) {
        if (is_heading(&f->rows[i])) {
            fprintf(out, "\n%s\n", f->rows[i].help);
        } else {
            print_row(&f->rows[i], out);
        }
    }
}
