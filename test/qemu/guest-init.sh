#!/bin/busybox sh
# The first process of the test guest: a shell on the console, without echo, that a test talks to.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo -icanon -onlcr
echo GUEST-IS-UP
exec sh
