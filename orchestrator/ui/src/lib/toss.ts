/**
 * Toss Payments' own window, as its reference for the JavaScript SDK, version 2, has it (docs.tosspayments.com/sdk/v2/js). The official
 * script is loaded when somebody pays there and never before; what the payer types into the window never reaches us.
 */

const SCRIPT = 'https://js.tosspayments.com/v2/standard';
/** Longest name of an order there. */
const ORDER_NAME_MAX = 100;

interface PaymentRequest {
  method: 'CARD';
  amount: { currency: 'KRW'; value: number };
  orderId: string;
  orderName: string;
  successUrl: string;
  failUrl: string;
}

interface TossPayments {
  (clientKey: string): { payment: (who: { customerKey: string }) => { requestPayment: (request: PaymentRequest) => Promise<void> } };
  /** The customer key of somebody who has no account. */
  ANONYMOUS: string;
}

declare global {
  interface Window {
    TossPayments?: TossPayments;
  }
}

/** What the provider's window is opened with. */
export interface Checkout {
  clientKey: string;
  order: string;
  amount: number;
  name: string;
}

let loading: Promise<TossPayments> | undefined;

function script(): Promise<TossPayments> {
  loading ??= new Promise<TossPayments>((resolve, reject) => {
    const element = document.createElement('script');
    element.src = SCRIPT;
    element.onload = () => (window.TossPayments ? resolve(window.TossPayments) : reject(new Error('TossPayments')));
    element.onerror = () => {
      // The next press tries again.
      loading = undefined;
      element.remove();
      reject(new Error('js.tosspayments.com'));
    };
    document.head.append(element);
  });
  return loading;
}

/** Opens the window. On success and failure the browser goes to `/pay/return`; closing the window throws. */
export async function openWindow({ clientKey, order, amount, name }: Checkout): Promise<void> {
  const toss = await script();
  const back = `${location.origin}/pay/return`;
  await toss(clientKey)
    .payment({ customerKey: toss.ANONYMOUS })
    .requestPayment({
      method: 'CARD',
      amount: { currency: 'KRW', value: amount },
      orderId: order,
      orderName: name.slice(0, ORDER_NAME_MAX),
      successUrl: back,
      failUrl: back,
    });
}

/** The code of a failure, from the window or from the address it came back to. */
export const failureCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
