#include "app/lapwing/cli.h"

#include <stdarg.h>
#include <stdio.h>

status fail(status s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("lapwing: ", stderr);
    vfprintf(stderr, format, args);
    putc('\n', stderr);
    va_end(args);
    return s;
}
