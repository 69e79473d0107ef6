/* What every device does with its client, for the programs behind the budgets client-… of
 * tools/size-budgets.txt. They are linked, not run. Network, clock and platform are declared and
 * never defined, so that link-time optimisation cannot know what a real program would not know.
 */
#ifndef SIZE_CLIENT_H
#define SIZE_CLIENT_H

#include "lw/client.h"
#include "lw/core_objects.h"

extern const lw_platform platform;
extern uint8_t memory[];
extern size_t memory_size;

lw_time clock_now(void);
void network_send(uint8_t link, lw_bytes datagram);
/* Waits for a datagram, or until `wake`. */
bool network_wait(lw_time wake, uint8_t *link, lw_bytes *datagram);
/* The state of a link, from the platform: one that is ready, or lost. */
bool network_link(uint8_t *link, lw_err *err);
/* Measures; false when the device is to be turned off. */
bool device_goes_on(lw_tree *tree, lw_time now);

static void run(lw_client *client)
{
    lw_client_start(client, clock_now());
    while (!lw_client_is_stopped(client)) {
        lw_client_out out;
        lw_bytes datagram;
        uint8_t link;
        lw_err err;
        if (!device_goes_on(lw_client_tree(client), clock_now())) {
            lw_client_stop(client, clock_now());
        }
        if (network_link(&link, &err)) {
            if (err == LW_OK) {
                lw_client_link_up(client, clock_now(), link);
            } else {
                lw_client_link_down(client, clock_now(), link, err);
            }
        }
        lw_time wake = lw_client_step(client, clock_now());
        while (lw_client_poll(client, &out)) {
            network_send(out.link, out.octets);
        }
        if (network_wait(wake, &link, &datagram)) {
            lw_client_feed(client, clock_now(), link, datagram);
        }
    }
    lw_client_fini(client);
}

#endif
