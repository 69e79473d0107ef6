#include "testing/vectors.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 256u /* of one case */

typedef struct vector_line {
    const char *key;
    char *value;
    unsigned number; /* in the file, from 1 */
} vector_line;

typedef struct piece {
    struct piece *next;
} piece;

struct lw_vectors {
    const char *name;
    char *text; /* the whole file; lines are cut out of it in place */
    char *rest; /* what is not read yet */
    unsigned number;
    vector_line lines[LINES_MAX];
    size_t count;
    piece *pieces;
    size_t cases;
    size_t failures;
};

static void die(const char *name, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", name, what);
    __builtin_trap();
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die(path, "cannot be opened");
    }
    size_t size = 0;
    size_t room = 0;
    char *text = NULL;
    size_t got;
    do {
        if (room - size < 65536) {
            room += 262144;
            text = realloc(text, room);
        }
        if (text == NULL) {
            die(path, "out of memory");
        }
        got = fread(text + size, 1, room - size - 1, file);
        size += got;
    } while (got > 0);
    (void)fclose(file);
    text[size] = 0;
    return text;
}

lw_vectors *lw_vectors_open(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/tests/vectors/%s", LW_SOURCE_DIR, name);
    lw_vectors *v = calloc(1, sizeof *v);
    if (v == NULL) {
        die(name, "out of memory");
    }
    v->name = name;
    v->text = read_file(path);
    v->rest = v->text;
    return v;
}

static void free_pieces(lw_vectors *v)
{
    while (v->pieces != NULL) {
        piece *p = v->pieces;
        v->pieces = p->next;
        free(p);
    }
}

void *lw_vectors_alloc(lw_vectors *v, size_t size)
{
    piece *p = malloc(sizeof *p + size);
    if (p == NULL) {
        die(v->name, "out of memory");
    }
    p->next = v->pieces;
    v->pieces = p;
    return p + 1;
}

/* Cuts the next line off; NULL at the end of the file. */
static char *take_line(lw_vectors *v)
{
    if (*v->rest == 0) {
        return NULL;
    }
    char *line = v->rest;
    size_t len = strcspn(line, "\n");
    v->rest = line + len + (line[len] == '\n' ? 1 : 0);
    line[len] = 0;
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\r')) {
        line[--len] = 0;
    }
    v->number++;
    return line;
}

/* A line that starts with a blank goes on where the last one ended. */
static void append_to_last(lw_vectors *v, const char *line)
{
    if (v->count == 0) {
        die(v->name, "a continuation without a line before it");
    }
    vector_line *last = &v->lines[v->count - 1];
    size_t len = strlen(last->value);
    size_t more = strlen(line);
    char *joined = lw_vectors_alloc(v, len + more + 1);
    memcpy(joined, last->value, len);
    memcpy(joined + len, line, more + 1);
    last->value = joined;
}

static void add_line(lw_vectors *v, char *line)
{
    if (v->count == LINES_MAX) {
        die(v->name, "a case has too many lines");
    }
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        (void)fprintf(stderr, "%s:%u: ", v->name, v->number);
        die("not a vector line", line);
        return;
    }
    *colon = 0;
    char *value = colon + 1;
    value += strspn(value, " ");
    v->lines[v->count++] = (vector_line){line, value, v->number};
}

bool lw_vectors_next(lw_vectors *v)
{
    free_pieces(v);
    v->count = 0;
    char *line;
    while ((line = take_line(v)) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        if (line[0] == 0) {
            if (v->count > 0) {
                break;
            }
            continue;
        }
        if (line[0] == ' ') {
            append_to_last(v, line);
        } else {
            add_line(v, line);
        }
    }
    v->cases += v->count > 0;
    return v->count > 0;
}

static const vector_line *find(const lw_vectors *v, const char *key, size_t index)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->lines[i].key, key) == 0 && index-- == 0) {
            return &v->lines[i];
        }
    }
    return NULL;
}

bool lw_vectors_has(const lw_vectors *v, const char *key)
{
    return find(v, key, 0) != NULL;
}

size_t lw_vectors_count(const lw_vectors *v, const char *key)
{
    size_t count = 0;
    for (size_t i = 0; i < v->count; i++) {
        count += strcmp(v->lines[i].key, key) == 0;
    }
    return count;
}

const char *lw_vectors_item(lw_vectors *v, const char *key, size_t index)
{
    const vector_line *line = find(v, key, index);
    if (line == NULL) {
        lw_vectors_fail(v, "has no line '%s'", key);
        return "";
    }
    return line->value;
}

const char *lw_vectors_str(lw_vectors *v, const char *key)
{
    return lw_vectors_item(v, key, 0);
}

lw_bytes lw_vectors_hex(lw_vectors *v, const char *key)
{
    return lw_vectors_parse_hex(v, lw_vectors_str(v, key));
}

lw_bytes lw_vectors_text(lw_vectors *v, const char *key)
{
    const char *text = lw_vectors_str(v, key);
    return lw_vectors_parse_text(v, text, strlen(text));
}

long long lw_vectors_int(lw_vectors *v, const char *key)
{
    const char *text = lw_vectors_str(v, key);
    char *end;
    long long number = strtoll(text, &end, 0);
    if (end == text || *end != 0) {
        lw_vectors_fail(v, "'%s' is not a number", text);
    }
    return number;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == 0 ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Writes the octets to out, or only counts them when out is NULL. SIZE_MAX: not hex. */
static size_t scan_hex(const char *text, uint8_t *out)
{
    size_t len = 0;
    while (*text != 0) {
        if (*text == ' ') {
            text++;
            continue;
        }
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0) {
            return SIZE_MAX;
        }
        text += 2;
        size_t times = 1;
        if (*text == '*') {
            char *end;
            times = strtoul(text + 1, &end, 10);
            text = end;
        }
        if (out != NULL) {
            memset(out + len, high << 4 | low, times);
        }
        len += times;
    }
    return len;
}

lw_bytes lw_vectors_parse_hex(lw_vectors *v, const char *text)
{
    size_t len = scan_hex(text, NULL);
    if (len == SIZE_MAX) {
        lw_vectors_fail(v, "'%s' is not hex", text);
        return lw_bytes_of(NULL, 0);
    }
    uint8_t *out = lw_vectors_alloc(v, len);
    (void)scan_hex(text, out);
    return lw_bytes_of(out, len);
}

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '0':
        return 0;
    default:
        return c;
    }
}

lw_bytes lw_vectors_parse_text(lw_vectors *v, const char *text, size_t len)
{
    uint8_t *out = lw_vectors_alloc(v, len);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\\' || i + 1 == len) {
            out[used++] = (uint8_t)text[i];
            continue;
        }
        i++;
        int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
        if (text[i] == 'x' && high >= 0 && low >= 0) {
            out[used++] = (uint8_t)(high << 4 | low);
            i += 2;
        } else {
            out[used++] = (uint8_t)unescape(text[i]);
        }
    }
    return lw_bytes_of(out, used);
}

void lw_vectors_fail(lw_vectors *v, const char *format, ...)
{
    const vector_line *name = find(v, "name", 0);
    (void)fprintf(stderr, "tests/vectors/%s:%u: %s: ", v->name,
                  v->count > 0 ? v->lines[0].number : 0, name != NULL ? name->value : "case");
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    v->failures++;
}

bool lw_vectors_close(lw_vectors *v)
{
    bool passed = v->failures == 0 && v->cases > 0;
    free_pieces(v);
    free(v->text);
    free(v);
    return passed;
}
