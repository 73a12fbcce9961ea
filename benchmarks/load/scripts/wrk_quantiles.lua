-- wrk and wrk2: the quantiles in microseconds, after its own report.
done = function(summary, latency, requests)
  for _, percent in ipairs({50, 95, 99, 99.9}) do
    print(string.format("quantile %g %d", percent, latency:percentile(percent)))
  end
end
