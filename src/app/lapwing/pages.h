/* Lists that the API gives in pages: devices, requests, credentials. */
#ifndef LW_APP_LAPWING_PAGES_H
#define LW_APP_LAPWING_PAGES_H

#include "app/lapwing/http.h"
#include "app/lapwing/table.h"

/* The items of all pages, up to --limit: rows of a table, or with --json a line each. The path has
 * its filters, and neither limit nor cursor. */
status pages_show(const cli *c, http *h, const url_path *path, const char *const *heads,
                  void (*add)(table *t, const json_t *item));

#endif
