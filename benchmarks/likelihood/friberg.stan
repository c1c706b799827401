// The log posterior of problem.py, solved anew from every dose to the next.
// One ODE of five states a lineage, in units of the baseline; the drug effect is closed form.
// Azacitidine's exponentials are data, so lenalidomide's alone carry sensitivities.
functions {
  vector friberg(real s, vector y, real ktr, real gamma, real ke, real ka, real b_ke, real b_ka,
                 real slope_aza, data real a_ke, data real a_ka, data real aza_ke,
                 data real aza_ka) {
    real drug = b_ke * exp(-ke * s) - b_ka * exp(-ka * s)
                + slope_aza * (a_ke * exp(-aza_ke * s) - a_ka * exp(-aza_ka * s));
    vector[5] dydt;
    dydt[1] = ktr * y[1] * ((1 - drug) * pow(y[5], -gamma) - 1);
    dydt[2] = ktr * (y[1] - y[2]);
    dydt[3] = ktr * (y[2] - y[3]);
    dydt[4] = ktr * (y[3] - y[4]);
    dydt[5] = ktr * (y[4] - y[5]);
    return dydt;
  }
}
data {
  int<lower=1> N; // patients
  int<lower=1> K; // doses
  int<lower=1> M; // observations a lineage and patient
  array[N, K] real dose_time; // [h]
  array[N, K] real len_mg;
  array[N, K] real a_ke; // azacitidine after each dose, over its V (ka - ke) / ka [mg/L]
  array[N, K] real a_ka;
  real aza_ke; // [1/h]
  real aza_ka;
  array[2, N, M] real time; // [h]
  array[2, N] vector[M] log_count;
  array[2, N, K + 1] int seen; // observations before each dose; all in the last place
  array[N, K] real length; // from each dose to the next [h]
  vector[23] prior_mean;
  vector[23] prior_sd;
  real rtol;
  real atol;
}
parameters {
  vector[23] theta; // logarithms, in the order of model.GLOBALS
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
        vector[5] y = rep_vector(1, 5);
        vector[M] circulating;
        real scale = slope_len[i] * ka / (V[i] * (ka - ke[i]));
        real u_ke = 0;
        real u_ka = 0;
        for (k in 1:K) {
          int before = seen[l, i, k];
          int here = seen[l, i, k + 1] - before;
          if (before == M) {
            break;
          }
          u_ke += len_mg[i, k];
          u_ka += len_mg[i, k];
          {
            int on = before + here < M; // nothing is solved after the last observation
            array[here + on] real ends;
            for (j in 1:here) {
              ends[j] = time[l, i, before + j] - dose_time[i, k];
            }
            if (on) {
              ends[here + 1] = length[i, k];
            }
            array[here + on] vector[5] path = SOLVER(friberg, y, 0.0, ends, rtol, atol, 100000,
              ktr[i], gamma, ke[i], ka, scale * u_ke, scale * u_ka, slope_aza[i], a_ke[i, k],
              a_ka[i, k], aza_ke, aza_ka);
            for (j in 1:here) {
              circulating[before + j] = path[j][5];
            }
            y = path[here + on];
          }
          u_ke *= exp(-ke[i] * length[i, k]);
          u_ka *= exp(-ka * length[i, k]);
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
