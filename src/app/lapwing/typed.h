/* Values as they are typed on a command line, made what the API takes: by the definition of the
 * resource on the device, by --type, or by their looks where the object is unknown. */
#ifndef LW_APP_LAPWING_TYPED_H
#define LW_APP_LAPWING_TYPED_H

#include "app/lapwing/http.h"

/* The definition of one object as a device has it, asked for once. */
typedef struct typed {
    const cli *cli;
    http *http;
    const char *endpoint;
    json_t *objects; /* of the device, owned */
    json_t *model;   /* owned; JSON null: there is none */
    long object;     /* that model defines; -1: none yet */
} typed;

void typed_init(typed *t, const cli *c, http *h, const char *endpoint);
void typed_fini(typed *t);

/* A value of resource `resource` of `object`, or NULL: told. Opaque values are hexadecimal digits
 * or @FILE; times are RFC 3339 or seconds since 1970. */
json_t *typed_value(typed *t, long object, long resource, const char *text);

/* The numbers of "/3/0/9" or "3/0/9"; -1: it is no path. */
int path_parse(const char *text, long out_ids[4]);

#endif
