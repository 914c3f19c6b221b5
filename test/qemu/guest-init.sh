#!/bin/busybox sh
# The first process of the test guest: does what the lines say that come over its console, without echo or prompt.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo -onlcr
echo GUEST-IS-UP
while IFS= read -r line; do eval "$line"; done
