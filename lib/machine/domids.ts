/** "The caller", wherever a domain is named: DOMID_SELF in xen/xen.h. */
export const domidSelf = 0x7ff0
/** The highest id that a domain can have. */
export const mostDomid = 0x7fef
