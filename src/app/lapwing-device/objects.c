#include "app/lapwing-device/objects.h"

/* Room for certificates, and for several servers; before the lists are read. */
#define LW_SERVERS_MAX 4
#define LW_KEY_MAX     4096

#include "lw/core_objects.h"
#include "lw/firmware.h"
#include "lw/ipso.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

/* ---- Accounts ---- */

LW_DECLARE_STRUCT(security_1_0, LW_SECURITY_1_0)
LW_DECLARE_STRUCT(security_1_1, LW_SECURITY_1_1)
LW_DECLARE_STRUCT(server_1_0, LW_SERVER_1_0)
LW_DECLARE_STRUCT(server_1_1, LW_SERVER_1_1)
LW_DECLARE_STRUCT(server_1_2, LW_SERVER_1_2)

#define SECURITY(version, T, LIST)                                                 \
    LW_DECLARE_VERSION(security_object_##version, T, lw_object_0_v##version, LIST, \
                       LW_SERVERS_MAX + 1, NULL)
#define SERVER(version, LIST, hooks)                                                            \
    LW_DECLARE_VERSION(server_object_##version, server_##version, lw_object_1_v##version, LIST, \
                       LW_SERVERS_MAX, hooks)

SECURITY(1_0, security_1_0, LW_SECURITY_1_0)
SECURITY(1_1, security_1_1, LW_SECURITY_1_1)
SECURITY(1_2, security_1_1, LW_SECURITY_1_1)
SERVER(1_0, LW_SERVER_1_0, &lw_server_hooks_1_0)
SERVER(1_1, LW_SERVER_1_1, &lw_server_hooks_1_1)
SERVER(1_2, LW_SERVER_1_2, &lw_server_hooks_1_1)

LW_DECLARE_STRUCT(access_control, LW_ACCESS_CONTROL)
LW_DECLARE_VERSION(access_object_1_0, access_control, lw_object_2_v1_0, LW_ACCESS_CONTROL,
                   LW_ACCESS_CONTROLS_MAX, NULL)
LW_DECLARE_VERSION(access_object_1_1, access_control, lw_object_2_v1_1, LW_ACCESS_CONTROL,
                   LW_ACCESS_CONTROLS_MAX, NULL)

/* ---- A modem, for the configurations C.10 and C.11 ---- */

#define CELLULAR_1_0(T, ONE, MANY, CALL) \
    ONE(T, INT32, psm_timer, 4, 0)       \
    ONE(T, INT32, active_timer, 5, 0)    \
    ONE(T, INT32, plmn_rate, 6, 0)       \
    ONE(T, OPAQUE, edrx_wb_s1, 8, 1)     \
    ONE(T, OPAQUE, edrx_nb_s1, 9, 1)     \
    MANY(T, OBJLNK, profiles, 11, 0, 2)

#define CELLULAR_1_1(T, ONE, MANY, CALL) \
    ONE(T, INT32, psm_timer, 4, 0)       \
    ONE(T, INT32, active_timer, 5, 0)    \
    ONE(T, OPAQUE, edrx_wb_s1, 8, 4)     \
    ONE(T, OPAQUE, edrx_nb_s1, 9, 4)     \
    MANY(T, OBJLNK, profiles, 11, 0, 2)  \
    ONE(T, UINT8, supported_psm, 12, 0)  \
    ONE(T, UINT8, active_psm, 13, 0)     \
    ONE(T, UINT8, release_assistance, 14, 0)

#define APN_PROFILE(T, ONE, MANY, CALL) \
    ONE(T, STRING, name, 0, 32)         \
    ONE(T, STRING, apn, 1, 64)          \
    ONE(T, BOOLEAN, enabled, 3, 0)      \
    ONE(T, UINT8, authentication, 4, 0)

#define WLAN(T, ONE, MANY, CALL)     \
    ONE(T, STRING, interface, 0, 32) \
    ONE(T, BOOLEAN, enabled, 1, 0)   \
    ONE(T, UINT8, status, 3, 0)      \
    ONE(T, STRING, bssid, 4, 12)     \
    ONE(T, STRING, ssid, 5, 32)      \
    ONE(T, UINT8, mode, 8, 0)        \
    ONE(T, UINT8, channel, 9, 0)     \
    ONE(T, UINT8, standard, 14, 0)   \
    ONE(T, UINT8, authentication, 15, 0)

LW_DECLARE_STRUCT(cellular_1_0, CELLULAR_1_0)
LW_DECLARE_STRUCT(cellular_1_1, CELLULAR_1_1)
LW_DECLARE_STRUCT(apn_profile, APN_PROFILE)
LW_DECLARE_STRUCT(wlan, WLAN)
LW_DECLARE_VERSION(cellular_object_1_0, cellular_1_0, lw_object_10_v1_0, CELLULAR_1_0, 1, NULL)
LW_DECLARE_VERSION(cellular_object_1_1, cellular_1_1, lw_object_10_v1_1, CELLULAR_1_1, 1, NULL)
LW_DECLARE_VERSION(apn_profile_object, apn_profile, lw_object_11_v1_0, APN_PROFILE, 2, NULL)
LW_DECLARE_VERSION(wlan_object, wlan, lw_object_12_v1_0, WLAN, 1, NULL)

/* ---- Lists ---- */

static const lw_object *const core_1_0[] = {&security_object_1_0,
                                            &server_object_1_0,
                                            &access_object_1_0,
                                            &lw_device_object_1_0,
                                            &lw_connectivity_object_1_0,
                                            &lw_firmware_object_1_0,
                                            NULL};
static const lw_object *const core_1_1[] = {&security_object_1_1,
                                            &server_object_1_1,
                                            &access_object_1_0,
                                            &lw_device_object_1_1,
                                            &lw_connectivity_object_1_2,
                                            &lw_firmware_object_1_0,
                                            NULL};
static const lw_object *const core_1_2[] = {&security_object_1_2,
                                            &server_object_1_2,
                                            &access_object_1_1,
                                            &lw_device_object_1_2,
                                            &lw_connectivity_object_1_3,
                                            &lw_firmware_object_1_1,
                                            NULL};
static const lw_object *const modems[][4] = {
    [MODEM_NONE] = {NULL},
    [MODEM_1_0] = {&cellular_object_1_0, &apn_profile_object, &wlan_object, NULL},
    [MODEM_1_1] = {&cellular_object_1_1, &apn_profile_object, &wlan_object, NULL}};
static const lw_object *const common[] = {
    &lw_location_object,      &lw_statistics_object,  &lw_portfolio_object, &lw_app_data_object,
    &lw_event_log_object_1_0, &lw_temperature_object, &lw_humidity_object,  &lw_light_object,
    &lw_barometer_object,     &lw_load_object,        &lw_switch_object,    NULL};

static unsigned append(const lw_object *out[OBJECTS_MAX], unsigned at,
                       const lw_object *const *objects)
{
    while (*objects != NULL) {
        out[at++] = *objects++;
    }
    return at;
}

void objects_list(uint8_t version, modem with, const lw_object *out[OBJECTS_MAX])
{
    const lw_object *const *core = version == 10 ? core_1_0 : version == 11 ? core_1_1 : core_1_2;
    unsigned count = append(out, 0, core);
    count = append(out, count, modems[with]);
    out[append(out, count, common)] = NULL;
}
