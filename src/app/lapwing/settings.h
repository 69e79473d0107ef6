/* Which server, and with which token. The first that says it decides: --url and --token,
 * LAPWING_URL and LAPWING_TOKEN, the file ~/.config/lapwing (lines "url: …" and "token: …"), and
 * http://127.0.0.1:8080 without a token. */
#ifndef LW_APP_LAPWING_SETTINGS_H
#define LW_APP_LAPWING_SETTINGS_H

#include "app/lapwing/cli.h"

/* Completes what the flags did not say. */
status settings_load(cli *c);

#endif
