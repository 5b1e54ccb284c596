// The HTTP side: routes, the shape of a request, and what a caller reads when it is wrong.

import compression from "compression";
import express, { type Express } from "express";
import helmet from "helmet";
import { pinoHttp } from "pino-http";
import { z } from "zod";

import { priceCents, zones } from "./rates.js";

const Parcel = z.object({ zone: z.string(), grams: z.number().int() });

export function createApp({ log = true } = {}): Express {
  const app = express();
  app.use(helmet());
  app.use(compression());
  app.use(express.json({ limit: "10kb" }));
  if (log) app.use(pinoHttp());

  app.get("/health", (_request, response) => {
    response.json({ status: "ok" });
  });

  app.get("/zones", (_request, response) => {
    response.json(zones);
  });

  app.post("/quotes", (request, response) => {
    const parcel = Parcel.safeParse(request.body);
    if (!parcel.success) {
      response.status(400).json({ error: "a parcel has a zone and whole grams" });
      return;
    }
    const cents = priceCents(parcel.data.zone, parcel.data.grams);
    if (cents === undefined) {
      response.status(422).json({ error: "no price for this zone and weight" });
      return;
    }
    response.json({ ...parcel.data, cents });
  });

  return app;
}
