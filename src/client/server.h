/* One server: its link and its registration (CLI 13.3).
 *
 *                    start                     link_up
 *   IDLE ---------> DELAY ----> CONNECTING -------------> REGISTERING ---2.01---> REGISTERED
 *    ^                              ^  |  link_down             | |4.12: lower      |   ^
 *    |                       alarm  |  +--------+   +-----------+ version      due, |   | 2.04
 *    |                              |           v   v  refused, no answer    wanted v   |
 *    |                              +------- BACKOFF <--------------------------- UPDATING
 *    |                                                                              | 4.04, 4.00
 *    |                                                                              v
 *    |            disable, stop                                                REGISTERING
 *    +--- DEREGISTERING <------- REGISTERED           (disable: DISABLED, after 1/x/5 CONNECTING)
 *
 * BACKOFF lasts until the next attempt (1/x/18), or the next sequence of attempts (1/x/19); where a
 * bootstrap comes first it has no end (CLI 13.3: FAILED).
 *
 * Every waiting state has its deadline in `alarm`, or an exchange that ends by itself.
 */
#ifndef LW_CLIENT_SERVER_H
#define LW_CLIENT_SERVER_H

#include "client/engine.h"

void lw_server_init(lw_client *client, lw_server *server, unsigned link);

/* Begins with the next step: the delay of 1/x/14 if it applies, then the link. From IDLE. */
void lw_server_start(lw_server *server);

/* Ends whatever is going on and goes to IDLE; without a word to the server. */
void lw_server_reset(lw_server *server);

/* De-registers if registered, then IDLE; or DISABLED for as long as 1/x/5 says. */
void lw_server_leave(lw_server *server, bool comes_back);

/* CLI-61: with the next step it leaves, and comes back. */
void lw_server_disable(lw_server *server);

/* Opens its link as the account says: LW_OK, it is up; LW_AGAIN, it will be. Failures as
 * lw_platform.link_open. */
lw_err lw_server_open_link(lw_server *server);
/* The same, to what no account says. */
lw_err lw_server_open_link_to(lw_server *server, const lw_link_to *to);
/* What is in flight ends with LW_ECANCELED. */
void lw_server_close_link(lw_server *server);

/* While a bootstrap runs nothing is said to a server, and its registration stays (BS-09, rule 12).
 * What becomes due asks again every second. Resume gives servers that had failed another chance. */
void lw_server_pause(lw_server *server);
void lw_server_resume(lw_server *server);

/* Its attempts are over, and it waits for a bootstrap to end. */
bool lw_server_has_given_up(const lw_server *server);

/* Another address under NoSec (REG-44), or another account (BS-52): a new link, a new registration.
 */
void lw_server_register_anew(lw_server *server);

/* It is registered, as it was before a power loss: `location`, `expires`, `lifetime`, `version` and
 * `own_address` are set. lw_server_start goes on with it (CLI-76). The server is IDLE. */
void lw_server_resume_registration(lw_server *server);

/* An Update now, or the next attempt without waiting for it. False when neither applies. */
bool lw_server_hurry(lw_server *server);

/* CLI-50: how long after that attempt, from 1, the next one comes, in seconds: 1/x/18, doubled with
 * each. */
uint32_t lw_server_retry_wait(const lw_server *server, unsigned attempt);
/* And how many there are, 1/x/17: five unless the server says otherwise. */
uint32_t lw_server_retry_count(const lw_server *server);

/* Something was sent or received: the awake window of queue mode starts again (TRN-41). */
void lw_server_is_active(lw_server *server);

const char *lw_server_state_name(lw_server_state state);

/* Tells the application; when it goes on by itself is the alarm of its state. */
void lw_server_report(const lw_server *server, lw_client_event_kind kind, lw_err err, uint8_t code);

/* ---- register.c: what is said. */

/* Register, Update with what is to be told, or De-register, as the state says. on_end gets the
 * server as ctx. */
lw_err lw_server_say(lw_server *server, lw_coap_end_fn on_end);

/* Sends a request, with `list` octets of the object list as its body. Who gets its end sets
 * server->asking to NULL. */
lw_err lw_server_send(lw_server *server, lw_coap_request *request, size_t list);

/* Gives up what is in flight of these: on_end with LW_ECANCELED. */
void lw_server_stop_asking(lw_server *server);

/* ---- schedule.c: who is next (CLI 13.2). */

/* Starts the servers that may start now. */
void lw_schedule_begin(lw_client *client);
/* A server is registered, by an Update of what was resumed, too, or disabled; or its sequence
 * failed and it lets others pass. */
void lw_schedule_next(lw_server *server);

/* ---- client.c */

void lw_client_dispatch(lw_server *server, lw_server_event event);
/* Unless it is on its way already. LW_ESTATE: there is no Bootstrap-Server. */
lw_err lw_client_begin_bootstrap(lw_client *client);

#endif
