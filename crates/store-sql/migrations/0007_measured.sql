-- What a step measured, for pictures over many runs: `{"numbers": {…}, "checks": […]}`, its checks that compared latencies. NULL
-- where it measured nothing, and of runs before this.

ALTER TABLE steps ADD COLUMN measured TEXT;
