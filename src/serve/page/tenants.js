// Several tenants on one page: ids as requests write them, and a choice of whose campaigns are shown.

/** An id as people and requests write it. */
export const full = ({ tenant, id }) => (tenant ? `${tenant}/${id}` : id);

/** A status in which every id says whose it is: two tenants may have campaigns of one id. */
export function written(status) {
  if (!status.tenants?.length) return status;
  const named = (all) => all?.map((one) => ({ ...one, id: full(one) }));
  return { ...status, campaigns: named(status.campaigns), queues: named(status.queues), assignments: named(status.assignments) };
}

/** When agents were last read, and how often they are, of each tenant that was read. */
export function readings(status) {
  const all = status.tenants?.length ? status.tenants : [status];
  return all.filter((one) => one.sample_at);
}

/** The tenants of a status as choices: name and words. */
export function tenantChoices(status) {
  return (status.tenants ?? []).map(({ name, ready, campaigns }) => {
    const many = `${campaigns} ${campaigns === 1 ? "campaign" : "campaigns"}`;
    return [name, `${name}: ${ready ? many : "not ready"}`];
  });
}
