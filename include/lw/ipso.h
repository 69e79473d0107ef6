/* Sensors, inputs and actuators of the IPSO objects, ready to be named in lw_client_cfg.objects.
 *
 *   lw_sensor_add(tree, 3303, 0, "Cel", -40, 85);       instance 0 of lw_temperature_object
 *   lw_sensor_set(tree, 3303, 0, 21.5f);                whenever it was measured
 *
 * Minimum, maximum, counters and times are kept by the objects. They are of version 1.0, which
 * needs no `ver` at registration (P-OBJ-12). For more instances, or the resources of 1.1, declare
 * an object anew from the same list and hooks:
 *
 *   LW_DECLARE_VERSION(my_sensors, lw_sensor, lw_object_3303_v1_0, LW_SENSOR, 8, &lw_sensor_hooks)
 */
#ifndef LW_IPSO_H
#define LW_IPSO_H

#include "lw/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LW_IPSO_INSTANCES
#define LW_IPSO_INSTANCES 2 /* of each object below */
#endif
#ifndef LW_IPSO_TEXT_MAX
#define LW_IPSO_TEXT_MAX 8 /* octets of a unit; colours have twice that */
#endif

/* ---- Sensors of one value ---------------------------------------------------------------------
 * 5601 and 5602 follow 5700 since the start, or since Execute 5605.
 */

#define LW_SENSOR(T, ONE, MANY, CALL)      \
    ONE(T, FLOAT32, min_measured, 5601, 0) \
    ONE(T, FLOAT32, max_measured, 5602, 0) \
    ONE(T, FLOAT32, min_range, 5603, 0)    \
    ONE(T, FLOAT32, max_range, 5604, 0)    \
    CALL(T, EXECUTE, reset, 5605)          \
    ONE(T, FLOAT32, value, 5700, 0)        \
    ONE(T, STRING, unit, 5701, LW_IPSO_TEXT_MAX)

#define LW_ANALOG_INPUT(T, ONE, MANY, CALL) \
    ONE(T, FLOAT32, value, 5600, 0)         \
    ONE(T, FLOAT32, min_measured, 5601, 0)  \
    ONE(T, FLOAT32, max_measured, 5602, 0)  \
    ONE(T, FLOAT32, min_range, 5603, 0)     \
    ONE(T, FLOAT32, max_range, 5604, 0)     \
    CALL(T, EXECUTE, reset, 5605)

LW_DECLARE_STRUCT(lw_sensor, LW_SENSOR)
extern const lw_object_hooks lw_sensor_hooks;
extern const lw_object lw_analog_input_object;   /* 3202 */
extern const lw_object lw_generic_sensor_object; /* 3300 */
extern const lw_object lw_illuminance_object;    /* 3301 */
extern const lw_object lw_temperature_object;    /* 3303 */
extern const lw_object lw_humidity_object;       /* 3304 */
extern const lw_object lw_barometer_object;      /* 3315 */
extern const lw_object lw_voltage_object;        /* 3316 */
extern const lw_object lw_current_object;        /* 3317 */
extern const lw_object lw_frequency_object;      /* 3318 */
extern const lw_object lw_depth_object;          /* 3319 */
extern const lw_object lw_percentage_object;     /* 3320 */
extern const lw_object lw_altitude_object;       /* 3321 */
extern const lw_object lw_load_object;           /* 3322 */
extern const lw_object lw_pressure_object;       /* 3323 */
extern const lw_object lw_loudness_object;       /* 3324 */
extern const lw_object lw_concentration_object;  /* 3325 */
extern const lw_object lw_acidity_object;        /* 3326 */
extern const lw_object lw_conductivity_object;   /* 3327 */
extern const lw_object lw_power_object;          /* 3328 */
extern const lw_object lw_power_factor_object;   /* 3329 */
extern const lw_object lw_distance_object;       /* 3330 */

/* Makes an instance. `unit` as of SenML, NULL: none. */
lw_err lw_sensor_add(lw_tree *tree, uint16_t object, uint16_t instance, const char *unit,
                     float min_range, float max_range);
lw_err lw_sensor_set(lw_tree *tree, uint16_t object, uint16_t instance, float value);

/* ---- Sensors of three axes ---- */

#define LW_AXES(T, ONE, MANY, CALL)              \
    ONE(T, STRING, unit, 5701, LW_IPSO_TEXT_MAX) \
    ONE(T, FLOAT32, x, 5702, 0)                  \
    ONE(T, FLOAT32, y, 5703, 0)                  \
    ONE(T, FLOAT32, z, 5704, 0)

LW_DECLARE_STRUCT(lw_axes, LW_AXES)
extern const lw_object lw_accelerometer_object; /* 3313 */
extern const lw_object lw_magnetometer_object;  /* 3314 */
extern const lw_object lw_gyrometer_object;     /* 3334 */

lw_err lw_axes_add(lw_tree *tree, uint16_t object, uint16_t instance, const char *unit);
lw_err lw_axes_set(lw_tree *tree, uint16_t object, uint16_t instance, float x, float y, float z);

/* ---- Inputs -----------------------------------------------------------------------------------
 * 5500 follows the level, reversed when 5502 says so, once it was stable for 5503 ms (3302: 5904 ms
 * to busy, 5903 ms to clear). 5501 counts the edges of 5504 (1 falling, 2 rising, which is the
 * default, 3 both) and is zeroed by 5505. 5852 and 5854 are seconds on and off; a server sets them
 * to 0.
 */

/* Seconds something was on, and off. */
typedef struct lw_ipso_run {
    lw_time since; /* of the last account; 0: not begun */
    lw_time sum[2];
    bool is_on;
} lw_ipso_run;

#define LW_DIGITAL_INPUT(T, ONE, MANY, CALL) \
    ONE(T, BOOLEAN, state, 5500, 0)          \
    ONE(T, INT32, counter, 5501, 0)          \
    ONE(T, BOOLEAN, polarity, 5502, 0)       \
    ONE(T, UINT32, debounce, 5503, 0)        \
    ONE(T, UINT8, edge, 5504, 0)             \
    CALL(T, EXECUTE, reset, 5505)

#define LW_PRESENCE(T, ONE, MANY, CALL) \
    ONE(T, BOOLEAN, state, 5500, 0)     \
    ONE(T, INT32, counter, 5501, 0)     \
    CALL(T, EXECUTE, reset, 5505)       \
    ONE(T, UINT32, to_clear, 5903, 0)   \
    ONE(T, UINT32, to_busy, 5904, 0)

#define LW_SWITCH(T, ONE, MANY, CALL) \
    ONE(T, BOOLEAN, state, 5500, 0)   \
    ONE(T, INT32, counter, 5501, 0)   \
    CALL(T, COMPUTED, on_time, 5852)  \
    CALL(T, COMPUTED, off_time, 5854)

#define LW_PUSH_BUTTON(T, ONE, MANY, CALL) \
    ONE(T, BOOLEAN, state, 5500, 0)        \
    ONE(T, INT32, counter, 5501, 0)

typedef struct lw_input {
    LW_MEMBERS(lw_input, LW_DIGITAL_INPUT)
    uint32_t to_clear;
    uint32_t to_busy;
    lw_ipso_run run;
    lw_time settles_at; /* LW_TIME_NEVER: it is settled */
    bool level;
} lw_input;

extern const lw_object_hooks lw_input_hooks;
extern const lw_object lw_digital_input_object; /* 3200 */
extern const lw_object lw_presence_object;      /* 3302 */
extern const lw_object lw_switch_object;        /* 3342 */
extern const lw_object lw_push_button_object;   /* 3347 */

/* The level as it is now; call it at each edge, or each time it is sampled. */
lw_err lw_input_set(lw_tree *tree, uint16_t object, uint16_t instance, bool level);

/* ---- Outputs and actuators --------------------------------------------------------------------
 * A server writes them; the device asks what to do. 5852 counts seconds while 5850 is on.
 */

#define LW_DIGITAL_OUTPUT(T, ONE, MANY, CALL) \
    ONE(T, BOOLEAN, state, 5550, 0)           \
    ONE(T, BOOLEAN, polarity, 5551, 0)

#define LW_ANALOG_OUTPUT(T, ONE, MANY, CALL) \
    ONE(T, FLOAT32, min_range, 5603, 0)      \
    ONE(T, FLOAT32, max_range, 5604, 0)      \
    ONE(T, FLOAT32, value, 5650, 0)

#define LW_ACTUATOR(T, ONE, MANY, CALL) \
    ONE(T, BOOLEAN, on, 5850, 0)        \
    ONE(T, UINT8, dimmer, 5851, 0)      \
    CALL(T, COMPUTED, on_time, 5852)

#define LW_LIGHT(T, ONE, MANY, CALL)                   \
    ONE(T, STRING, colour, 5706, 2 * LW_IPSO_TEXT_MAX) \
    LW_ACTUATOR(T, ONE, MANY, CALL)

typedef struct lw_actuator {
    LW_MEMBERS(lw_actuator, LW_LIGHT)
    lw_ipso_run run;
} lw_actuator;

extern const lw_object_hooks lw_actuator_hooks;
extern const lw_object lw_digital_output_object; /* 3201 */
extern const lw_object lw_analog_output_object;  /* 3203 */
extern const lw_object lw_actuation_object;      /* 3306 */
extern const lw_object lw_light_object;          /* 3311 */
extern const lw_object lw_power_control_object;  /* 3312 */

/* The level of a digital output: its state, reversed when its polarity says so. */
bool lw_output_level(lw_tree *tree, uint16_t instance);

/* The device itself turns it on or off. */
lw_err lw_actuator_set(lw_tree *tree, uint16_t object, uint16_t instance, bool on);
bool lw_actuator_is_on(lw_tree *tree, uint16_t object, uint16_t instance);

/* Percent: 0 when off, 5851 or else 100 when on. */
uint8_t lw_actuator_power(lw_tree *tree, uint16_t object, uint16_t instance);

#ifdef __cplusplus
}
#endif
#endif
