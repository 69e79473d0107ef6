/* Force-included (-include) when portable code is compiled: naming one of these does not compile.
 * The portable floors get memory, time, randomness and output only through what is passed in.
 */
#ifndef LW_BASE_POISON_H
#define LW_BASE_POISON_H

/* The standard headers first: poisoning a name that a later header declares would break it. */
#include <ctype.h>
#include <math.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison malloc calloc realloc free strdup strndup
#pragma GCC poison printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf puts putchar
#pragma GCC poison scanf sscanf fscanf fopen fclose fread fwrite perror
#pragma GCC poison strtol strtoul strtoll strtoull strtod strtof atoi atol atof
#pragma GCC poison strcpy strcat strncat strtok qsort bsearch setlocale
#pragma GCC poison gettimeofday clock_gettime rand srand getenv
#pragma GCC poison abort assert setjmp longjmp
#undef isdigit
#undef isalpha
#undef isspace
#undef isalnum
#undef tolower
#undef toupper
#pragma GCC poison isdigit isalpha isspace isalnum tolower toupper
#pragma GCC poison pow fmod log10 ldexp frexp

#endif
