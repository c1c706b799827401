// The same posterior, solved in one call over the whole horizon: the way that looks natural, and
// at the usual tolerances steps across doses without noticing. Kept to show that.
functions {
  // Sum over lenalidomide's doses so far of exp(-rate x time since). Within a run the doses are
  // 24 h apart, so a run of n is a geometric series.
  real since_doses(real t, real rate, data array[] real run_time, int run_doses) {
    real total = 0;
    for (r in 1:size(run_time)) {
      real since = t - run_time[r];
      if (since < 0) {
        break;
      }
      int n = 1;
      while (n < run_doses && since >= 24) {
        since -= 24;
        n += 1;
      }
      if (rate * since < 50) {
        total += exp(-rate * since) * expm1(-24 * n * rate) / expm1(-24 * rate);
      }
    }
    return total;
  }
  vector friberg(real t, vector y, real ktr, real gamma, real ke, real ka, real len,
                 real slope_aza, data array[] real run_time, int run_doses,
                 data array[] real dose_time, data array[] real a_ke, data array[] real a_ka,
                 data real aza_ke, data real aza_ka) {
    int last = 1;
    vector[5] dydt;
    real drug = len * (since_doses(t, ke, run_time, run_doses)
                       - since_doses(t, ka, run_time, run_doses));
    while (last < size(dose_time) && dose_time[last + 1] <= t) {
      last += 1;
    }
    real s = t - dose_time[last];
    drug += slope_aza * (a_ke[last] * exp(-aza_ke * s) - a_ka[last] * exp(-aza_ka * s));
    dydt[1] = ktr * y[1] * ((1 - drug) * pow(y[5], -gamma) - 1);
    dydt[2] = ktr * (y[1] - y[2]);
    dydt[3] = ktr * (y[2] - y[3]);
    dydt[4] = ktr * (y[3] - y[4]);
    dydt[5] = ktr * (y[4] - y[5]);
    return dydt;
  }
}
data {
  int<lower=1> N;
  int<lower=1> K;
  int<lower=1> M;
  int<lower=1> R; // runs of daily lenalidomide
  int<lower=1> run_doses;
  array[N, R] real run_time; // first dose of each [h]
  array[N] real run_mg;
  array[N, K] real dose_time;
  array[N, K] real a_ke;
  array[N, K] real a_ka;
  real aza_ke;
  real aza_ka;
  array[2, N, M] real time;
  array[2, N] vector[M] log_count;
  vector[23] prior_mean;
  vector[23] prior_sd;
  real rtol;
  real atol;
}
parameters {
  vector[23] theta;
  array[8] vector[N] eta;
}
transformed parameters {
  array[2, N] vector[M] log_count_hat;
  {
    vector[8] omega = exp(theta[14:21]);
    vector[N] ke = exp(theta[1] - theta[2] + omega[1] * eta[1] - omega[2] * eta[2]);
    vector[N] V = exp(theta[2] + omega[2] * eta[2]);
    real ka = exp(theta[3]);
    for (l in 1:2) {
      real gamma = exp(theta[7 + l]);
      vector[N] log_baseline = theta[3 + l] + omega[2 + l] * eta[2 + l];
      vector[N] ktr = 4 * exp(-theta[5 + l] - omega[4 + l] * eta[4 + l]);
      vector[N] slope_len = exp(theta[9 + l] + omega[7] * eta[7]);
      vector[N] slope_aza = exp(theta[11 + l] + omega[8] * eta[8]);
      for (i in 1:N) {
        vector[M] circulating;
        real scale = slope_len[i] * ka / (V[i] * (ka - ke[i]));
        array[M] vector[5] path = SOLVER(friberg, rep_vector(1, 5), 0.0, time[l, i], rtol, atol,
          1000000, ktr[i], gamma, ke[i], ka, scale * run_mg[i], slope_aza[i], run_time[i],
          run_doses, dose_time[i], a_ke[i], a_ka[i], aza_ke, aza_ka);
        for (j in 1:M) {
          circulating[j] = path[j][5];
        }
        log_count_hat[l, i] = log_baseline[i] + log(circulating);
      }
    }
  }
}
model {
  target += normal_lpdf(theta | prior_mean, prior_sd);
  for (e in 1:8) {
    target += std_normal_lpdf(eta[e]);
  }
  for (l in 1:2) {
    for (i in 1:N) {
      target += normal_lpdf(log_count[l, i] | log_count_hat[l, i], exp(theta[21 + l]));
    }
  }
}
