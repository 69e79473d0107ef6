/* Further objects of OMA, ready to be named in lw_client_cfg.objects: Connectivity Monitoring,
 * Location, Connectivity Statistics, Portfolio, BinaryAppDataContainer, Event Log, Reboot Status.
 *
 * Single objects need their instance: lw_tree_add(tree, 4, 0, &path). Values go in through the
 * setters; what is never set does not exist.
 */
#ifndef LW_STANDARD_OBJECTS_H
#define LW_STANDARD_OBJECTS_H

#include "lw/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 4 Connectivity Monitoring ----------------------------------------------------------------
 */

#define LW_CONNECTIVITY_1_0(T, ONE, MANY, CALL)  \
    ONE(T, UINT8, bearer, 0, 0)                  \
    MANY(T, UINT8, available_bearer, 1, 0, 4)    \
    ONE(T, INT32, signal_strength, 2, 0)         \
    ONE(T, INT32, link_quality, 3, 0)            \
    MANY(T, STRING, ip_address, 4, 45, 2)        \
    MANY(T, STRING, router_ip_address, 5, 45, 2) \
    ONE(T, UINT8, link_utilization, 6, 0)        \
    MANY(T, STRING, apn, 7, 32, 1)               \
    ONE(T, UINT32, cell_id, 8, 0)                \
    ONE(T, UINT16, smnc, 9, 0)                   \
    ONE(T, UINT16, smcc, 10, 0)

#define LW_CONNECTIVITY_1_2(T, ONE, MANY, CALL) \
    LW_CONNECTIVITY_1_0(T, ONE, MANY, CALL)     \
    ONE(T, INT32, snr, 11, 0)                   \
    ONE(T, UINT32, lac, 12, 0)

#define LW_CONNECTIVITY_1_3(T, ONE, MANY, CALL) \
    LW_CONNECTIVITY_1_2(T, ONE, MANY, CALL)     \
    ONE(T, UINT8, coverage_level, 13, 0)

LW_DECLARE_STRUCT(lw_connectivity, LW_CONNECTIVITY_1_3)
LW_SETTER uint16_t lw_connectivity_id(void)
{
    return 4;
}
LW_DECLARE_SETTERS(lw_connectivity, LW_CONNECTIVITY_1_3)
extern const lw_object lw_connectivity_object_1_0; /* enabler 1.0 */
extern const lw_object lw_connectivity_object_1_2; /* enabler 1.1 */
extern const lw_object lw_connectivity_object_1_3; /* enabler 1.2 */

/* ---- 6 Location -------------------------------------------------------------------------------
 */

#define LW_LOCATION(T, ONE, MANY, CALL) \
    ONE(T, FLOAT64, latitude, 0, 0)     \
    ONE(T, FLOAT64, longitude, 1, 0)    \
    ONE(T, FLOAT32, altitude, 2, 0)     \
    ONE(T, FLOAT32, radius, 3, 0)       \
    ONE(T, OPAQUE, velocity, 4, 7)      \
    ONE(T, TIME, timestamp, 5, 0)       \
    ONE(T, FLOAT32, speed, 6, 0)

LW_DECLARE_TYPE(lw_location, LW_LOCATION)

/* A position and when it was measured, s since 1970; negative: now. The values are seen together.
 * LW_ERANGE when it is not on this planet, LW_ESTATE when the time is not known. */
lw_err lw_location_fix(lw_tree *tree, double latitude, double longitude, int64_t timestamp);

/* ---- 7 Connectivity Statistics ----------------------------------------------------------------
 * Execute 6 begins at zero and counts for 7/0/8 seconds, or until Execute 7.
 */

#define LW_STATISTICS(T, ONE, MANY, CALL) \
    ONE(T, INT32, sms_sent, 0, 0)         \
    ONE(T, INT32, sms_received, 1, 0)     \
    ONE(T, INT64, sent_kb, 2, 0)          \
    ONE(T, INT64, received_kb, 3, 0)      \
    ONE(T, INT32, message_max, 4, 0)      \
    ONE(T, INT32, message_average, 5, 0)  \
    CALL(T, EXECUTE, start, 6)            \
    CALL(T, EXECUTE, stop, 7)             \
    ONE(T, UINT32, period, 8, 0)

typedef struct lw_statistics {
    LW_MEMBERS(lw_statistics, LW_STATISTICS)
    uint64_t sent, received; /* octets */
    uint32_t messages;
    lw_time ends_at; /* LW_TIME_NEVER: when stopped */
    bool is_counting;
} lw_statistics;

extern const lw_object lw_statistics_object;

/* Octets of IP that one message had; does nothing while nobody counts. */
void lw_statistics_sent(lw_tree *tree, uint32_t octets);
void lw_statistics_received(lw_tree *tree, uint32_t octets);

/* ---- 16 Portfolio, 19 BinaryAppDataContainer --------------------------------------------------
 * Servers create, write and delete instances as they like. GetAuthData is the device's own: declare
 * the object with LW_PORTFOLIO_AUTH and hooks for it.
 */

#ifndef LW_PORTFOLIO_INSTANCES
#define LW_PORTFOLIO_INSTANCES 4
#endif
#ifndef LW_APP_DATA_INSTANCES
#define LW_APP_DATA_INSTANCES 2 /* by convention 0 is from the device, 1 to the device */
#endif
#ifndef LW_APP_DATA_MAX
#define LW_APP_DATA_MAX 128
#endif

#define LW_PORTFOLIO(T, ONE, MANY, CALL) MANY(T, STRING, identity, 0, 32, 4)

#define LW_PORTFOLIO_AUTH(T, ONE, MANY, CALL) \
    LW_PORTFOLIO(T, ONE, MANY, CALL)          \
    CALL(T, EXECUTE, get_auth_data, 1)        \
    MANY(T, OPAQUE, auth_data, 2, 64, 2)      \
    ONE(T, UINT8, auth_status, 3, 0)

#define LW_APP_DATA(T, ONE, MANY, CALL)          \
    MANY(T, OPAQUE, data, 0, LW_APP_DATA_MAX, 2) \
    ONE(T, UINT8, priority, 1, 0)                \
    ONE(T, TIME, created, 2, 0)                  \
    ONE(T, STRING, description, 3, 32)           \
    ONE(T, STRING, format, 4, 32)                \
    ONE(T, UINT16, app_id, 5, 0)

LW_DECLARE_TYPE(lw_portfolio, LW_PORTFOLIO)
LW_DECLARE_TYPE(lw_app_data, LW_APP_DATA)

/* ---- 20 Event Log -----------------------------------------------------------------------------
 * Octets that the device appends between LogStart and LogStop; the oldest give way.
 */

#ifndef LW_EVENT_LOG_MAX
#define LW_EVENT_LOG_MAX 512
#endif

#define LW_EVENT_LOG(T, ONE, MANY, CALL) \
    ONE(T, UINT8, log_class, 4010, 0)    \
    CALL(T, EXECUTE, start, 4011)        \
    CALL(T, EXECUTE, stop, 4012)         \
    CALL(T, COMPUTED, status, 4013)      \
    CALL(T, COMPUTED, data, 4014)        \
    ONE(T, UINT8, format, 4015, 0)

typedef struct lw_event_log {
    LW_MEMBERS(lw_event_log, LW_EVENT_LOG)
    bool is_running;
    uint16_t len;
    uint8_t octets[LW_EVENT_LOG_MAX];
} lw_event_log;

extern const lw_object lw_event_log_object_1_0; /* one instance */
extern const lw_object lw_event_log_object_2_1; /* one for each class: LW_EVENT_LOGS */

#ifndef LW_EVENT_LOGS
#define LW_EVENT_LOGS 2
#endif

/* One entry, whole. LW_ESTATE while nobody logs, LW_ETOOBIG when it never fits. */
lw_err lw_event_log_append(lw_tree *tree, uint16_t instance, lw_bytes entry);

/* ---- 10371 Reboot Status ----------------------------------------------------------------------
 * When it is there, the Device object says in it what becomes of Reboot and Factory Reset. After a
 * factory reset: lw_reboot_status_set_reset_state(tree, 0, 3).
 */

#define LW_REBOOT_STATUS(T, ONE, MANY, CALL) \
    ONE(T, UINT8, state, 0, 0)               \
    ONE(T, STRING, message, 1, 32)           \
    ONE(T, UINT8, reset_state, 2, 0)         \
    ONE(T, STRING, reset_message, 3, 32)

LW_DECLARE_TYPE(lw_reboot_status, LW_REBOOT_STATUS)

#ifdef __cplusplus
}
#endif
#endif
