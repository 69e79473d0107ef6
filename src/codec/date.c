#include "codec/date.h"

#include "base/num.h"

#include <stdbool.h>

/* Reads what the form says: a digit for each 0 and else the same; RFC 3339 section 5.6 lets a small
 * letter stand for the capital. The numbers between go to out[], which is zero. */
static bool read_form(const uint8_t *p, const char *form, unsigned *out)
{
    for (; *form != 0; form++, p++) {
        uint8_t want = (uint8_t)*form;
        if (want == '0') {
            if (!lw_num_is_digit(*p)) {
                return false;
            }
            *out = *out * 10 + *p - '0';
        } else if (*p == want || *p == (want | 0x20)) {
            out++;
        } else {
            return false;
        }
    }
    return true;
}

/* Between second and offset: nothing, or a point and digits. */
static bool is_fraction(const uint8_t *p, const uint8_t *end)
{
    if (p == end) {
        return true;
    }
    if (*p++ != '.' || p == end) {
        return false;
    }
    while (p < end && lw_num_is_digit(*p)) {
        p++;
    }
    return p == end;
}

/* Days from 1970-01-01 to the first of a month; 13 is the next January. Years are counted from
 * March, so that the leap day is the last. */
static int32_t first_of(unsigned year, unsigned month)
{
    year += 400; /* never negative */
    if (month < 3) {
        year--;
        month += 12;
    }
    unsigned days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5;
    return (int32_t)days - 719468 - 146097; /* 1970-01-01 after 0000-03-01, and the 400 years */
}

#define DATE_LEN   19
#define OFFSET_LEN 6

lw_err lw_date_parse(lw_bytes text, int64_t *out_seconds)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FIELDS };
    unsigned f[FIELDS] = {0};
    unsigned east[2] = {0}; /* of UTC: hours, minutes */
    if (text.len <= DATE_LEN) {
        return LW_EFORMAT;
    }
    const uint8_t *p = text.ptr;
    const uint8_t *offset = p + text.len - 1;
    if ((*offset | 0x20) != 'z') {
        offset -= OFFSET_LEN - 1;
        if ((*offset != '+' && *offset != '-') || !read_form(offset + 1, "00:00", east) ||
            east[0] >= 24 || east[1] >= 60) {
            return LW_EFORMAT;
        }
    }
    if (!read_form(p, "0000-00-00T00:00:00", f) || !is_fraction(p + DATE_LEN, offset)) {
        return LW_EFORMAT;
    }
    int32_t first = first_of(f[YEAR], f[MONTH]);
    int32_t next = first_of(f[YEAR], f[MONTH] + 1);
    int32_t day = first + (int32_t)f[DAY] - 1;
    bool exists = f[MONTH] >= 1 && f[MONTH] <= 12 && day >= first && day < next && f[HOUR] < 24 &&
                  f[MINUTE] < 60 && f[SECOND] <= 60; /* 60: a leap second */
    if (!exists) {
        return LW_ERANGE;
    }
    unsigned of_day = 60 * (60 * f[HOUR] + f[MINUTE]) + f[SECOND];
    int32_t ahead = 60 * (int32_t)(60 * east[0] + east[1]);
    *out_seconds = (int64_t)day * 86400 + of_day + (*offset == '-' ? ahead : -ahead);
    return LW_OK;
}
