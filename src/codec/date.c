#include "codec/date.h"

#include <stdbool.h>

typedef struct scan {
    lw_bytes text;
    size_t pos;
    bool failed;
} scan;

static int read_digits(scan *s, unsigned count)
{
    int number = 0;
    for (unsigned i = 0; i < count; i++, s->pos++) {
        unsigned digit = s->pos < s->text.len ? (unsigned)s->text.ptr[s->pos] - '0' : 10;
        s->failed = s->failed || digit > 9;
        number = s->failed ? 0 : number * 10 + (int)digit;
    }
    return number;
}

/* One of two characters; RFC 3339 section 5.6 lets 't' and 'z' stand for capitals. */
static bool take_either(scan *s, uint8_t a, uint8_t b)
{
    bool found = s->pos < s->text.len && (s->text.ptr[s->pos] == a || s->text.ptr[s->pos] == b);
    s->pos += found;
    return found;
}

static void expect(scan *s, uint8_t a, uint8_t b)
{
    s->failed = !take_either(s, a, b) || s->failed;
}

static void skip_fraction(scan *s)
{
    if (!take_either(s, '.', '.')) {
        return;
    }
    (void)read_digits(s, 1);
    while (s->pos < s->text.len && s->text.ptr[s->pos] >= '0' && s->text.ptr[s->pos] <= '9') {
        s->pos++;
    }
}

/* Minutes east of UTC. */
static int read_offset(scan *s)
{
    if (take_either(s, 'Z', 'z')) {
        return 0;
    }
    int sign = take_either(s, '-', '-') ? -1 : 1;
    if (sign > 0) {
        expect(s, '+', '+');
    }
    int hours = read_digits(s, 2);
    expect(s, ':', ':');
    int minutes = read_digits(s, 2);
    s->failed = s->failed || hours > 23 || minutes > 59;
    return sign * (60 * hours + minutes);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int year, int month)
{
    if (month == 2) {
        return is_leap(year) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Days from 1970-01-01. Years are counted from March, so that the leap day is the last. */
static int32_t days_since_1970(int year, int month, int day)
{
    int y = month > 2 ? year + 400 : year + 399; /* never negative */
    int days_before_month = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    int32_t days = 365 * y + y / 4 - y / 100 + y / 400 + days_before_month + day - 1;
    return days - 719468 - 146097; /* 1970-01-01 after 0000-03-01, and the 400 years */
}

lw_err lw_date_parse(lw_bytes text, int64_t *out_seconds)
{
    scan s = {text, 0, false};
    int year = read_digits(&s, 4);
    expect(&s, '-', '-');
    int month = read_digits(&s, 2);
    expect(&s, '-', '-');
    int day = read_digits(&s, 2);
    expect(&s, 'T', 't');
    int hour = read_digits(&s, 2);
    expect(&s, ':', ':');
    int minute = read_digits(&s, 2);
    expect(&s, ':', ':');
    int second = read_digits(&s, 2);
    skip_fraction(&s);
    int offset = read_offset(&s);
    if (s.failed || s.pos != text.len) {
        return LW_EFORMAT;
    }
    bool exists = month >= 1 && month <= 12 && day >= 1 && day <= days_in(year, month) &&
                  hour < 24 && minute < 60 && second <= 60; /* 60: a leap second */
    if (!exists) {
        return LW_ERANGE;
    }
    int32_t of_day = 60 * (60 * hour + minute - offset) + second;
    *out_seconds = (int64_t)days_since_1970(year, month, day) * 86400 + of_day;
    return LW_OK;
}
