/** Shapes of names that occur in several kinds. */

/** One path element as the kernel uses them for parents and types: no slash, not `.` or `..`. */
export const fileName = /^[A-Za-z0-9_][A-Za-z0-9_.:+-]*$/;
/** One path element or two. */
export const attributeName = /^[A-Za-z0-9_][A-Za-z0-9_.:+-]*(\/[A-Za-z0-9_][A-Za-z0-9_.:+-]*)?$/;
/** As `fileName`, `attributeName` and `dnsLabel`, where `*` stands for any text. */
export const fileNamePattern = /^[A-Za-z0-9_*][A-Za-z0-9_.:+*-]*$/;
export const attributePattern = /^[A-Za-z0-9_*][A-Za-z0-9_.:+*-]*(\/[A-Za-z0-9_*][A-Za-z0-9_.:+*-]*)?$/;
export const labelPattern = /^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$/;
/** A DNS subdomain, RFC 1123. */
export const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** A DNS label, RFC 1123. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** A UUID of any version and variant. */
export const uuidText = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
/** One line of text: neither NUL nor a line break, which would end or split a write to sysfs. */
export const line = /^[^\x00\n\r]*$/;
/** The kernel's own files of a device, and folders of them, as alternatives of a regular expression: none is an attribute of the driver. */
export const kernelFiles = 'remove|uevent|driver|power|subsystem|mdev_type|iommu_group|vfio-dev|device';
