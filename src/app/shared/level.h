/* How much a program tells, by name. The numbers are those of the log hooks. */
#ifndef LW_APP_SHARED_LEVEL_H
#define LW_APP_SHARED_LEVEL_H

#define LEVEL_ERROR   0
#define LEVEL_WARNING 1
#define LEVEL_INFO    2
#define LEVEL_DETAIL  3
#define LEVEL_COUNT   4

extern const char *const level_names[LEVEL_COUNT]; /* "error", "warning", "info", "detail" */

/* -1: there is no such level. */
int level_parse(const char *name);

#endif
