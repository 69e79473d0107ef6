/* A temperature sensor that registers and can be observed: sensor coap://HOST:PORT */
#include <stdlib.h>

#include "lw/client.h"
#include "lw/core_objects.h"
#include "lw/ipso.h"
#include "lw/posix.h"

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_minimal_object, &lw_temperature_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, NULL};
static const lw_client_feature *const features[] = {&lw_feature_observe, NULL};
static uint8_t memory[16 * 1024];

int main(int argc, char **argv)
{
    lw_posix *posix;
    lw_client *client;
    if (argc != 2 || lw_posix_new(&posix, &(lw_posix_cfg){.log_level = 3}) != LW_OK) {
        return 2;
    }
    lw_client_cfg cfg = {.endpoint = "sensor",
                         .version = 11,
                         .objects = objects,
                         .formats = formats,
                         .features = features,
                         .platform = lw_posix_platform(posix)};
    lw_client_account server = {.uri = argv[1], .ssid = 1, .security = LW_SECURITY_NOSEC};
    if (lw_client_init(&client, &cfg, memory, sizeof memory) != LW_OK ||
        lw_client_add_server(client, &server) != LW_OK ||
        lw_sensor_add(lw_client_tree(client), 3303, 0, "Cel", -40, 85) != LW_OK) {
        return 1;
    }
    lw_client_start(client, lw_posix_now());
    for (;;) {
        lw_sensor_set(lw_client_tree(client), 3303, 0, 20 + (float)(rand() % 20) / 10);
        lw_posix_wait(posix, client, lw_posix_now() + 1000);
    }
}
