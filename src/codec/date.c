#include "codec/date.h"

#include "base/num.h"

#include <stdbool.h>

typedef struct scan {
    lw_bytes text;
    size_t pos;
} scan;

/* The next character; 0 behind the end. */
static uint8_t next_of(const scan *s)
{
    return s->pos < s->text.len ? s->text.ptr[s->pos] : 0;
}

/* Reads what the form says: a digit for each 0 and else the same; RFC 3339 section 5.6 lets a small
 * letter stand for the capital. The numbers between go to out[], which is zero. */
static bool read_form(scan *s, const char *form, int *out)
{
    for (; *form != 0; form++, s->pos++) {
        uint8_t c = next_of(s);
        uint8_t want = (uint8_t)*form;
        bool fits = want == '0' ? lw_num_is_digit(c) : c == want || (c == 't' && want == 'T');
        if (!fits) {
            return false;
        }
        if (want == '0') {
            *out = *out * 10 + (c - '0');
        } else {
            out++;
        }
    }
    return true;
}

static bool read_fraction(scan *s)
{
    if (next_of(s) != '.') {
        return true;
    }
    size_t point = s->pos++;
    while (lw_num_is_digit(next_of(s))) {
        s->pos++;
    }
    return s->pos > point + 1;
}

/* Minutes east of UTC. */
static bool read_offset(scan *s, int *out)
{
    int fields[2] = {0}; /* hours, minutes */
    uint8_t c = next_of(s);
    s->pos++;
    *out = 0;
    if (c == 'Z' || c == 'z') {
        return true;
    }
    if ((c != '+' && c != '-') || !read_form(s, "00:00", fields)) {
        return false;
    }
    *out = (60 * fields[0] + fields[1]) * (c == '-' ? -1 : 1);
    return fields[0] < 24 && fields[1] < 60;
}

/* Days from 1970-01-01 to the first of a month; 13 is the next January. Years are counted from
 * March, so that the leap day is the last. */
static int32_t first_of(int year, int month)
{
    int y = month > 2 ? year + 400 : year + 399; /* never negative */
    int days_before_month = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    int32_t days = 365 * y + y / 4 - y / 100 + y / 400 + days_before_month;
    return days - 719468 - 146097; /* 1970-01-01 after 0000-03-01, and the 400 years */
}

lw_err lw_date_parse(lw_bytes text, int64_t *out_seconds)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FIELDS };
    int f[FIELDS] = {0};
    int offset;
    scan s = {text, 0};
    bool read =
        read_form(&s, "0000-00-00T00:00:00", f) && read_fraction(&s) && read_offset(&s, &offset);
    if (!read || s.pos != text.len) {
        return LW_EFORMAT;
    }
    int32_t first = first_of(f[YEAR], f[MONTH]);
    int32_t days = first_of(f[YEAR], f[MONTH] + 1) - first; /* in the month */
    bool exists = f[MONTH] >= 1 && f[MONTH] <= 12 && f[DAY] >= 1 && f[DAY] <= days &&
                  f[HOUR] < 24 && f[MINUTE] < 60 && f[SECOND] <= 60; /* 60: a leap second */
    if (!exists) {
        return LW_ERANGE;
    }
    int32_t of_day = 60 * (60 * f[HOUR] + f[MINUTE] - offset) + f[SECOND];
    *out_seconds = (int64_t)(first + f[DAY] - 1) * 86400 + of_day;
    return LW_OK;
}
