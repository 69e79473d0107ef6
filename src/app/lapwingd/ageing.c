#include "app/lapwingd/ageing.h"

lw_time ageing_clock(const ageing *since, lw_time now, lw_time wall)
{
    lw_time passed = since->wall + (now - since->now);
    return wall < passed ? wall : passed;
}
