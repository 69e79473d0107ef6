/* Operations on devices: sent, and followed when the device sleeps. */
#ifndef LW_APP_LAPWING_REQUEST_H
#define LW_APP_LAPWING_REQUEST_H

#include "app/lapwing/http.h"

/* "/v1/devices/EP/WHAT", and a path behind it when that is not NULL. STATUS_USAGE: told. */
status device_url(url_path *u, const char *endpoint, const char *what, const char *path);

/* Calls, waits as the flags say, and shows the answer. body is freed; NULL: none. */
status operate(cli *c, http *h, const char *method, url_path *u, json_t *body);

/* A document of attributes from "pmin=10", "con=true", or "pmin=" to take one away. NULL: told. */
json_t *attributes_of(int count, char **words);

#endif
