// What a parcel costs: a base price for its zone and a price for every started half kilogram above the first.

export interface Zone {
  name: string;
  baseCents: number;
  halfKilogramCents: number;
}

export const zones: Readonly<Record<string, Zone>> = {
  city: { name: "Same city", baseCents: 390, halfKilogramCents: 25 },
  country: { name: "Same country", baseCents: 590, halfKilogramCents: 45 },
  neighbour: { name: "Neighbouring country", baseCents: 1290, halfKilogramCents: 110 },
  world: { name: "Rest of the world", baseCents: 2190, halfKilogramCents: 260 },
};

export const heaviestGrams = 31_500;

/** The price in cents, or undefined for an unknown zone or a weight that no parcel may have. */
export function priceCents(zone: string, grams: number): number | undefined {
  const rate = zones[zone];
  if (!rate || grams <= 0 || grams > heaviestGrams) return undefined;
  const halfKilogramsAbove = Math.max(0, Math.ceil((grams - 500) / 500));
  return rate.baseCents + halfKilogramsAbove * rate.halfKilogramCents;
}
